/** The version of this client, written in by the build. */
declare const CLIENT_VERSION: string | undefined;

export const VERSION = typeof CLIENT_VERSION === 'string' ? CLIENT_VERSION : '0.0.0-source';
