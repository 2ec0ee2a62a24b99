/** The name of this machine's build of the addon, for example `linux-x64-gnu`. `.ci/setup.mjs` names it likewise. */
export function nativeTarget(): string {
  return `${process.platform}-${process.arch}${abi()}`;
}

function abi(): string {
  if (process.platform === 'win32') return '-msvc';
  if (process.platform !== 'linux') return '';
  return isMusl() ? '-musl' : '-gnu';
}

/** Node reports the version of glibc it runs on, and no version when its C library is another. */
function isMusl(): boolean {
  // Without this the report looks up the name of every open connection, which can take seconds.
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    return header.glibcVersionRuntime === undefined;
  } finally {
    report.excludeNetwork = before ?? false;
  }
}
