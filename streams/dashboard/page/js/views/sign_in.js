/* The view for whoever is not let in: one field for the access token, which becomes a cookie. */
import { el, fill } from "../element.js";
import { field } from "../parts/choose.js";
import { trouble } from "../parts/notice.js";

/** Build the view; `done()` is called when the server has taken the token. */
export function signIn({ api, done }) {
  const token = el("input", {
    type: "password",
    name: "token",
    autocomplete: "current-password",
    required: true,
  });
  const said = el("div", { "aria-live": "assertive" });
  return el(
    "section",
    { class: "sign-in card" },
    el("h1", {}, "Sign in"),
    el(
      "p",
      { class: "muted" },
      "This server asks for an access token. It is kept as a cookie of this site alone.",
    ),
    el(
      "form",
      {
        async onsubmit(event) {
          event.preventDefault();
          try {
            await api.signIn(token.value.trim());
          } catch (error) {
            fill(said, trouble(error));
            token.select();
            return;
          }
          done();
        },
      },
      field("Access token", token),
      el("button", { class: "button primary", type: "submit" }, "Sign in"),
    ),
    said,
  );
}
