// Shows that the plan is being made, follows links into closed sections, and opens them for printing.

const form = document.getElementById("plan-form");

function showWorking(working) {
  form.querySelector("button").disabled = working;
  form.setAttribute("aria-busy", String(working));
  document.querySelector("#working span").hidden = !working;
}

if (form) {
  form.addEventListener("submit", () => showWorking(true));
  // A browser may bring the page back from its memory as it was left.
  window.addEventListener("pageshow", () => showWorking(false));
}

function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}

window.addEventListener("hashchange", openTarget);
openTarget();

window.addEventListener("beforeprint", () => {
  for (const section of document.querySelectorAll("details")) section.open = true;
});
