/**
 * Node 22 and later read the certificates of NODE_EXTRA_CA_CERTS by a thread of their own, soon after the start. A clone made
 * meanwhile would have that thread too, reading the same open file: each would get a part of it.
 */
let done = false;

/** Waits, at the first fork, until they are read. */
export function awaitCertificates(): void {
  if (done) return;
  done = true;
  if (!process.env['NODE_EXTRA_CA_CERTS']) return;
  const { getCACertificates } = process.getBuiltinModule('node:tls') as {
    getCACertificates?: (type: 'extra') => string[];
  };
  // Asking for them waits for that thread. Where there is no such function, there is no such thread.
  getCACertificates?.('extra');
}
