/** Node warns of two things that the worker uses on purpose; said to whoever runs it, they would only worry. */
const KNOWN = [/USE_MAIN_CONTEXT_DEFAULT_LOADER/, /EnvHttpProxyAgent is experimental/];

export function hideKnownWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message, stack }) => {
    if (KNOWN.some((known) => known.test(message))) return;
    process.stderr.write(`${stack ?? `${name}: ${message}`}\n`);
  });
}
