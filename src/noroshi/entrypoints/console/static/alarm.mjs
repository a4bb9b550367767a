// What rings until somebody takes it: a sound, the title, and a notification without content.
// A browser lets no page make a sound before somebody has touched it; the button says which it is.

const button = document.getElementById("sound");
const REPEAT = 5_000;
const SECONDS = 0.18;
const TONES = [880, 660, 880];

let sound = null;
let ringing = 0;
let shown = null;
let waiting = false;

function beep() {
  TONES.forEach((frequency, n) => {
    const begins = sound.currentTime + n * (SECONDS + 0.06);
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, begins);
    volume.gain.linearRampToValueAtTime(0.4, begins + 0.02);
    volume.gain.linearRampToValueAtTime(0, begins + SECONDS);
    tone.connect(volume).connect(sound.destination);
    tone.start(begins);
    tone.stop(begins + SECONDS);
  });
  button.dataset.rang = String(Number(button.dataset.rang) + 1);
}

function label() {
  const isOn = sound !== null && sound.state === "running";
  button.setAttribute("aria-pressed", String(isOn));
  button.textContent = isOn ? button.dataset.on : button.dataset.off;
}

button.hidden = false;
label();
button.addEventListener("click", async () => {
  if (sound === null || sound.state !== "running") {
    sound ??= new AudioContext();
    await sound.resume();
    if ("Notification" in window && Notification.permission === "default") {
      await Notification.requestPermission();
    }
  } else {
    await sound.suspend();
  }
  label();
  if (waiting) ring();
});

function ring() {
  if (sound?.state === "running") beep();
}

function notify() {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  shown?.close();
  shown = new Notification("Noroshi", { body: button.dataset.notice, tag: "noroshi" });
  shown.addEventListener("click", () => window.focus());
}

// Rings as long as something waits: a FLASH that nobody has answered, an alarm that nobody has taken.
export function sounding(isWaiting) {
  if (isWaiting === waiting) return;
  waiting = isWaiting;
  clearInterval(ringing);
  document.body.toggleAttribute("data-ringing", isWaiting);
  if (!isWaiting) return shown?.close();
  ring();
  notify();
  ringing = setInterval(ring, REPEAT);
}
