// A form that a passkey answers: its button asks the authenticator, then the form is sent.
// The page gives the button disabled: clicked before this is here, it would send no answer.

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[data-problem]");
  form.addEventListener("submit", async (event) => {
    const answer = form.elements.answer;
    if (answer.value) return;
    event.preventDefault();
    problem.hidden = true;
    try {
      const told = JSON.parse(form.dataset.options);
      const credential = form.dataset.passkey === "make"
        ? await navigator.credentials.create({
          publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(told),
        })
        : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(told),
        });
      answer.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch (error) {
      problem.textContent = `${problem.dataset.problem} (${error.name})`;
      problem.hidden = false;
    }
  });
  form.querySelector("button").disabled = false;
}
