// Checks that addons are what their names say, and that they run where README says.
//
//   node .ci/package/inspect.mjs FILE…       # named zygote.<target>.node
//
// - the system, CPU and C library are those of the name;
// - glibc: no function that is newer than 2.17, and none without a version but Node's own;
// - musl: nothing of glibc's; macOS: not newer than 11; Windows: nothing that Windows 10 lacks;
// - stripped, and within the size that is promised.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isElf, readElf } from './elf.mjs';
import { isMachO, isPe, readMachO, readPe } from './others.mjs';
import { targets } from './targets.mjs';

/** CentOS 7, Amazon Linux 2, Debian 8, Ubuntu 14.04; Node 20 itself wants 2.28. */
export const GLIBC = [2, 17];
const MACOS = [11, 0];
/** Bytes. */
export const BUDGET = 2 * 1024 * 1024;

const LIBRARIES = {
  glibc:
    /^(libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1|libgcc_s\.so\.1|ld-linux-(x86-64|aarch64)\.so\.[12])$/,
  musl: /^(libc\.so|libc\.musl-.*\.so\.1|libgcc_s\.so\.1)$/,
  darwin: /^\/(usr\/lib\/lib(System|iconv|objc|resolv)\b|System\/Library\/Frameworks\/)/,
  win32:
    /^(kernel32|ntdll|advapi32|ws2_32|userenv|bcrypt|bcryptprimitives|psapi|msvcrt|vcruntime140|api-ms-win-(core|crt)-.*)\.dll$/i,
};

/** What Node gives to addons. The loader finds them without a version. */
const NODES = /^(napi_|node_api_|uv_)/;

/** `{ target, size, facts, problems }` */
export function inspect(path, floor = GLIBC) {
  const target = /^zygote\.(.+)\.node$/.exec(basename(path))?.[1];
  const wanted = targets.find((each) => each.target === target);
  if (!wanted)
    return { target, size: 0, facts: [], problems: [`the name is not zygote.<target>.node: ${basename(path)}`] };
  const file = readFileSync(path);
  const found = read(file);
  const { os, cpu, libc } = wanted.manifest;
  const library = libc?.[0] ?? os[0];
  const problems = [];
  const expect = (holds, problem) => holds || problems.push(problem);
  expect(os.includes(found.system), `it is for ${found.system}`);
  expect(cpu.includes(found.cpu), `it is for ${found.cpu}`);
  for (const name of found.needed) expect(LIBRARIES[library].test(name), `it needs ${name}`);
  expect(found.stripped !== false, 'it is not stripped');
  expect(file.length <= BUDGET, `it has ${file.length} bytes, and the budget is ${BUDGET}`);
  const facts = [];
  if (library === 'glibc') {
    const newest = found.imports
      .map(({ version }) => version)
      .filter(isGlibc)
      .toSorted(compareVersions)
      .at(-1);
    facts.push(`needs ${newest}`);
    for (const { name, version, weak } of found.imports) {
      if (version)
        expect(
          !isGlibc(version) || compareVersions(version, `GLIBC_${floor.join('.')}`) <= 0,
          `${name} is of ${version}`,
        );
      else expect(weak || NODES.test(name), `${name} is in no library that it names`);
    }
  }
  if (found.oldest) {
    facts.push(`for macOS ${found.oldest}`);
    expect(compareVersions(found.oldest, MACOS.join('.')) <= 0, `it is for macOS ${found.oldest} and newer`);
  }
  return { target, size: file.length, facts, problems };
}

function read(file) {
  if (isElf(file)) return readElf(file);
  if (isMachO(file)) return readMachO(file);
  if (isPe(file)) return readPe(file);
  throw new Error('neither an ELF, a Mach-O nor a PE file');
}

function isGlibc(version) {
  return version?.startsWith('GLIBC_');
}

/** Of the last numbers in two texts, such as `GLIBC_2.17`. */
function compareVersions(a, b) {
  const [x, y] = [a, b].map((text) => text.replace(/^\D*/, '').split('.').map(Number));
  for (let index = 0; index < Math.max(x.length, y.length); index++) {
    if ((x[index] ?? 0) !== (y[index] ?? 0)) return (x[index] ?? 0) - (y[index] ?? 0);
  }
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const files = process.argv.slice(2);
  if (files.length === 0) {
    console.error('usage: node .ci/package/inspect.mjs FILE…');
    process.exit(2);
  }
  for (const file of files) {
    const { size, facts, problems } = inspect(file);
    console.log(
      [basename(file), `${(size / 1024).toFixed(0)} KiB`, ...facts, problems.length === 0 ? 'passed' : 'failed'].join(
        ', ',
      ),
    );
    for (const problem of problems) console.log(`  ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
  }
}
