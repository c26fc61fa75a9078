"use strict";
// A token behind # signs in by itself; what is behind # is never sent, so it is in no server's log.
const behind = new URLSearchParams(location.hash.slice(1));
const token = behind.get("id_token") || behind.get("access_token") || behind.get("token");
if (token) {
  history.replaceState(null, "", location.pathname);
  const form = document.getElementById("sign-in");
  form.token.value = token;
  form.state.value = behind.get("state") ?? "";
  form.came.value = "by link";
  form.submit();
}
