/** Releases as the command line would inject them; tests of the formats do not follow src/releases. */
export const KNOWN_RELEASES = ["v3.28.3", "v3.28.4", "v3.32.1", "pre-3.28.4", "post-3.28.4"];
