/** Why the local run cannot go on, in one line for its user. The command prints the message and exits with 1. */
export class LocalRunError extends Error {
  override readonly name: string = 'LocalRunError';
}

/** The template holds something that the local run has no meaning for. It is named, never guessed. */
export class UnsupportedTemplateError extends LocalRunError {
  override readonly name = 'UnsupportedTemplateError';

  /**
   * @param what what was found, e.g. `Fn::ImportValue`
   * @param path where, e.g. `Resources.Api.Properties.Name`
   */
  constructor(what: string, path: string) {
    super(`the local run does not know ${what} at ${path}`);
  }
}
