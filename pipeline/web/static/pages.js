// What a page can do with a script, and does without where there is none.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.replace(/\s*\n\s*$/, "").trim());
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = label), 2000);
  });
}

// On a narrow screen the answer comes first, and the filters wait behind their heading.
const filters = document.querySelector("details.filters");
if (filters && matchMedia("(max-width: 60rem)").matches) filters.open = false;

// A chart as a picture: its SVG drawn twice as large.
for (const link of document.querySelectorAll("a[data-png]")) {
  link.hidden = false;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const drawn = new Image();
    drawn.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = 2 * drawn.naturalWidth;
      canvas.height = 2 * drawn.naturalHeight;
      canvas.getContext("2d").drawImage(drawn, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((picture) => {
        const file = document.createElement("a");
        file.href = URL.createObjectURL(picture);
        file.download = link.dataset.png;
        file.click();
        setTimeout(() => URL.revokeObjectURL(file.href), 60000);
      });
    };
    drawn.src = link.href;
  });
}
