// The position in the service's database that this user has seen. Requests that read send it back, so that a replica answers
// only if it has reached that position. See "Reading after" in docs/protocol.md. Without replicas there is no position.

const HEADER = "X-Read-After";

export class ReadAfter {
  #position: string | undefined;
  #version = 0;

  /** The socket has carried changes that the position does not cover. Until the next one is known, reads go to the primary. */
  invalidate(): void {
    this.#position = undefined;
    this.#version++;
  }

  /** Adds the position to a request. Call the returned function with the response, or with nothing if there is none. */
  track(request: Request): (response?: Response) => void {
    const isRead = request.method === "GET";
    if (isRead && this.#position !== undefined) request.headers.set(HEADER, this.#position);
    const version = this.#version;
    return (response) => {
      const position = response?.headers.get(HEADER) ?? undefined;
      if (isRead && (position === undefined || position === this.#position)) return;
      // Positions are opaque: of two that belong to concurrent requests, neither is known to be the later one.
      this.#position = version === this.#version ? position : undefined;
      this.#version++;
    };
  }
}
