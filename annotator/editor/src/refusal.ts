/** What a server says where it does not do what was asked. */

/** A refusal in words. `status` 0 means that no answer came. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** With 409 for a draft: the version that it has now. */
    readonly version?: number,
  ) {
    super(message);
  }

  /** Trying again later may help. */
  get passing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}
