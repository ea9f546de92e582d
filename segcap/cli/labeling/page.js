"use strict";

const part = (id) => document.getElementById(id);
let asked = null; // the image that is shown, with the text that was offered for it
let isSending = false;
let isLost = false; // whether the last look had no answer
let answers = 0;

function left(seconds) {
  if (seconds === null) return "";
  return seconds < 60 ? ", less than a minute left" : `, about ${Math.round(seconds / 60)} min left`;
}

function offer(state) {
  const offered = state.label ?? state.guess?.text ?? "";
  asked = { image: state.image, offered, isGuessed: state.guess !== null };
  part("text").value = offered;
  part("sureness").textContent = state.guess
    ? `Guess: ${state.guess.text || "nothing"}, ${Math.floor(100 * state.guess.confidence)} % sure`
    : "No guess yet";
  part("text").focus();
  part("text").select();
}

function show(state) {
  const count = `${state.labelled} of ${state.total}${left(state.seconds_left)}`;
  if (part("count").textContent !== count) part("count").textContent = count;
  document.title = `${state.labelled} of ${state.total} – segcap label`;
  part("progress").max = Math.max(1, state.total);
  part("progress").value = state.labelled;
  part("undo").disabled = !state.can_undo;
  part("skip").disabled = state.image === null;
  part("question").hidden = state.image === null;
  part("end").hidden = state.image !== null;
  part("end").textContent = state.skipped
    ? `All others have labels. Skipped: ${state.skipped}; they are asked again at the next start.`
    : "All images have labels.";
  if (state.image === null) {
    asked = null;
  } else if (state.image !== asked?.image) {
    part("image").src = `image/${state.number}`;
    part("image").alt = state.image;
    offer(state);
  } else if (!asked.isGuessed && state.guess && part("text").value === asked.offered) {
    offer(state); // nothing was typed before the guess came
  }
  const [right, of] = state.recent;
  const note = state.note + (of ? ` Of the last ${of} guesses ${right} were right.` : "");
  if (part("note").textContent !== note) part("note").textContent = note;
  const [summary, list] = part("unreadable").children;
  part("unreadable").hidden = !state.unreadable.length;
  summary.textContent = `Images that cannot be read: ${state.unreadable.length}`;
  if (list.children.length !== state.unreadable.length) {
    list.replaceChildren(...state.unreadable.map((reason) => {
      const item = document.createElement("li");
      item.textContent = reason;
      return item;
    }));
  }
}

async function send(path, body) {
  if (isSending) return;
  if (body) answers += 1;
  const before = answers;
  isSending = Boolean(body); // an answer need not wait for a mere look at the state
  try {
    const options = { method: "POST", headers: { "Content-Type": "application/json" } };
    const response = await fetch(path, body && { ...options, body: JSON.stringify(body) });
    const answer = await response.json();
    if (before !== answers) return; // looked at before an answer that was given meanwhile
    if (body || isLost || !response.ok) part("error").textContent = answer.error ?? "";
    isLost = false;
    if (response.ok) show(answer);
  } catch {
    isLost = true;
    part("error").textContent = "segcap does not answer. Start it again, and open the address that it gives.";
  } finally {
    if (body) isSending = false;
  }
}

async function watch() {
  await send("state");
  setTimeout(watch, 1000);
}

const undo = () => !part("undo").disabled && send("undo", {});
const skip = () => asked && send("skip", { image: asked.image });

part("question").addEventListener("submit", (event) => {
  event.preventDefault();
  if (asked) send("answer", { image: asked.image, text: part("text").value });
});
part("undo").addEventListener("click", undo);
part("skip").addEventListener("click", skip);
part("image").addEventListener("error", () => send("state"));
document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const does = { ArrowUp: undo, ArrowDown: skip, Enter: null }[event.key];
  // a key that is held down answers once
  if (does || (event.repeat && does === null)) event.preventDefault();
  if (does && !event.repeat) does();
});
watch();
