// SPDX-License-Identifier: AGPL-3.0-or-later
// Leaves the page at once: by the button, or by Shift pressed three times, as GOV.UK's "Exit this page" does. With a script
// the page goes blank first, and the other site takes its place in the history of this tab. Without one the button is a
// link, which does the rest.
const button = document.querySelector('#exit');
const patience = 5000; // between two presses
const presses = 3;
let pressed = 0;
let timer;
let afterLetter = false;

const said = document.createElement('span');
said.setAttribute('role', 'status');
button.after(said);

// What works with a script only is told only then.
document.querySelector('#exit-keys')?.removeAttribute('hidden');

const forget = () => {
  pressed = 0;
  said.textContent = '';
};

const leave = () => {
  document.title = '\u200b';
  document.body.hidden = true;
  document.querySelector('main')?.remove();  // and with it what was typed, and a code
  location.replace(button.href);
};

button.addEventListener('click', (event) => {
  event.preventDefault();
  leave();
});

addEventListener('keyup', (event) => {
  // A capital letter ends with Shift, too: that one is not pressed for itself.
  const alone = event.key === 'Shift' && !afterLetter;
  afterLetter = event.shiftKey;
  if (!alone) return forget();
  clearTimeout(timer);
  pressed += 1;
  if (pressed === presses) return leave();
  said.textContent = pressed === 1 ? button.dataset.two : button.dataset.one;
  timer = setTimeout(forget, patience);
});

// Some browsers keep a page that was left as it was, in spite of no-store. Whoever comes back finds nothing that was typed,
// not even for a moment.
addEventListener('pagehide', () => { document.body.hidden = true; });
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
