/* Talks to /v1. Errors are the server's problem documents; whoever is not let in is told apart. */

export class ApiError extends Error {
  constructor(status, heading, detail) {
    super(detail);
    this.status = status;
    this.heading = heading;
  }
}

/** Make the caller of the API; `turnedAway()` is called at a 401. */
export function createApi({ turnedAway }) {
  async function call(method, path, { query, body, token, signal } = {}) {
    const headers = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    let response;
    try {
      response = await fetch(address(path, query), {
        method,
        headers,
        signal,
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, "No connection", "The server does not answer.");
    }
    if (response.ok) return response.status === 204 ? null : response.json().catch(() => null);
    const problem = await response.json().catch(() => ({}));
    if (response.status === 401 && token === undefined) turnedAway();
    throw new ApiError(
      response.status,
      problem.title ?? `Status ${response.status}`,
      problem.detail ?? response.statusText,
    );
  }
  return {
    get: (path, query, signal) => call("GET", path, { query, signal }),
    post: (path, body) => call("POST", path, { body }),
    remove: (path) => call("DELETE", path),
    signIn: (token) => call("POST", "/v1/session", { token }),
  };
}

/** Write an address; parameters that are null or empty are left out. */
export function address(path, query = {}) {
  const given = Object.entries(query).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/** The address of a customer in the API or on the page; a slash in the id is written %2F. */
export const customerPath = (base, id, rest = "") => `${base}/${encodeURIComponent(id)}${rest}`;

/** Whether an id can be written into an address: browsers take dots alone for directories, even encoded. */
export const isAddressable = (id) => id !== "." && id !== "..";
