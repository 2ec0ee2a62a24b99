// Reads what libraries for macOS and Windows say of themselves.
//
// See https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/loader.h and
// https://learn.microsoft.com/windows/win32/debug/pe-format

const MACH_O_64 = 0xfeedfacf;
const MACH_CPUS = { 0x01000007: 'x64', 0x0100000c: 'arm64' };
const [LOAD_DYLIB, VERSION_MIN, BUILD_VERSION] = [0xc, 0x24, 0x32];

const PE_CPUS = { 0x8664: 'x64', 0xaa64: 'arm64' };
const PE_IMPORTS = 1;

export function isMachO(file) {
  return file.readUInt32LE(0) === MACH_O_64;
}

/** `{ system, cpu, needed, oldest }`: `oldest` is the macOS that it is for, such as `11.0`. */
export function readMachO(file) {
  const needed = [];
  let oldest;
  let at = 32;
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    const command = file.readUInt32LE(at) & 0x7fffffff;
    if (command === LOAD_DYLIB) needed.push(textAt(file, at + file.readUInt32LE(at + 8)));
    if (command === VERSION_MIN) oldest = version(file.readUInt32LE(at + 8));
    if (command === BUILD_VERSION) oldest = version(file.readUInt32LE(at + 12));
    at += file.readUInt32LE(at + 4);
  }
  return { system: 'darwin', cpu: MACH_CPUS[file.readUInt32LE(4)], needed, oldest };
}

export function isPe(file) {
  return file.toString('latin1', 0, 2) === 'MZ';
}

/** `{ system, cpu, needed, stripped }` */
export function readPe(file) {
  const header = file.readUInt32LE(0x3c) + 4;
  const optional = header + 20;
  const directory = optional + 112 + PE_IMPORTS * 8;
  const sections = optional + file.readUInt16LE(header + 16);
  const needed = [];
  for (let at = offsetOf(file.readUInt32LE(directory)); file.readUInt32LE(at + 12) !== 0; at += 20) {
    needed.push(textAt(file, offsetOf(file.readUInt32LE(at + 12))));
  }
  return {
    system: 'win32',
    cpu: PE_CPUS[file.readUInt16LE(header)],
    needed,
    // A table of symbols is what a debugger of GNU's reads; that of MSVC is a file of its own.
    stripped: file.readUInt32LE(header + 12) === 0,
  };

  function offsetOf(address) {
    for (let index = 0; index < file.readUInt16LE(header + 2); index++) {
      const at = sections + index * 40;
      const [start, size, offset] = [
        file.readUInt32LE(at + 12),
        file.readUInt32LE(at + 16),
        file.readUInt32LE(at + 20),
      ];
      if (address >= start && address < start + size) return address - start + offset;
    }
    throw new Error(`no section has the address ${address}`);
  }
}

function textAt(file, offset) {
  return file.toString('latin1', offset, file.indexOf(0, offset));
}

function version(number) {
  return `${number >> 16}.${(number >> 8) & 0xff}`;
}
