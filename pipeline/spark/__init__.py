"""Tables that outgrow one machine: a session of Spark, and files cut into pieces that its tasks read."""
