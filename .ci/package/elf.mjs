// Reads what a shared library for Linux needs: the dynamic section of a 64-bit little-endian ELF file.
//
// See https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html, and for versions of symbols
// https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html

const MACHINES = { 62: 'x64', 183: 'arm64' };
const [LOAD, DYNAMIC] = [1, 2];
const [NEEDED, STRTAB, SYMTAB, GNU_HASH, HASH, VERSYM, VERNEED, VERNEEDNUM] = [
  1,
  5,
  6,
  0x6ffffef5n,
  4,
  0x6ffffff0n,
  0x6ffffffen,
  0x6fffffffn,
].map(BigInt);
const WEAK = 2;
const [SECTION_SYMTAB, SECTION_SIZE] = [2, 64];

export function isElf(file) {
  return file.readUInt32BE(0) === 0x7f454c46;
}

/** `{ system, cpu, needed, imports: [{ name, version, weak }], stripped }`; a version is `GLIBC_2.17`, or undefined. */
export function readElf(file) {
  if (file[4] !== 2 || file[5] !== 1) throw new Error('not a 64-bit little-endian ELF file');
  const segments = range(file.readUInt16LE(56), (index) => {
    const at = Number(file.readBigUInt64LE(32)) + index * file.readUInt16LE(54);
    const word = (offset) => Number(file.readBigUInt64LE(at + offset));
    return { type: file.readUInt32LE(at), offset: word(8), address: word(16), size: word(32) };
  });
  const offsetOf = (address) => {
    const segment = segments.find(
      (each) => each.type === LOAD && address >= each.address && address < each.address + each.size,
    );
    return address - segment.address + segment.offset;
  };
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  const entries = range(dynamic.size / 16, (index) => {
    const at = dynamic.offset + index * 16;
    return { tag: file.readBigUInt64LE(at), value: Number(file.readBigUInt64LE(at + 8)) };
  });
  const valueOf = (wanted) => entries.find(({ tag }) => tag === wanted)?.value;
  const strings = offsetOf(valueOf(STRTAB));
  const text = (offset) => file.toString('latin1', strings + offset, file.indexOf(0, strings + offset));
  const versions = valueOf(VERNEED) === undefined ? new Map() : neededVersions();
  return {
    system: 'linux',
    cpu: MACHINES[file.readUInt16LE(18)],
    needed: entries.filter(({ tag }) => tag === NEEDED).map(({ value }) => text(value)),
    imports: imports(),
    stripped: !sectionTypes().includes(SECTION_SYMTAB),
  };

  /** Symbols that are not defined here: those come first, as the table is sorted for the hash of what is defined. */
  function imports() {
    const symbols = offsetOf(valueOf(SYMTAB));
    const versionIndexes = valueOf(VERSYM) === undefined ? undefined : offsetOf(valueOf(VERSYM));
    return range(symbolCount(), (index) => index)
      .slice(1)
      .flatMap((index) => {
        const at = symbols + index * 24;
        if (file.readUInt16LE(at + 6) !== 0) return [];
        const version = versionIndexes === undefined ? 0 : file.readUInt16LE(versionIndexes + index * 2) & 0x7fff;
        const weak = file[at + 4] >> 4 === WEAK;
        return [{ name: text(file.readUInt32LE(at)), version: versions.get(version), weak }];
      });
  }

  function symbolCount() {
    if (valueOf(HASH) !== undefined) return file.readUInt32LE(offsetOf(valueOf(HASH)) + 4);
    // The index of the first symbol that is in the table of hashes, which has all that are defined.
    return file.readUInt32LE(offsetOf(valueOf(GNU_HASH)) + 4);
  }

  function neededVersions() {
    const found = new Map();
    let at = offsetOf(valueOf(VERNEED));
    for (let left = valueOf(VERNEEDNUM); left > 0; left--) {
      let auxiliary = at + file.readUInt32LE(at + 8);
      for (let count = file.readUInt16LE(at + 2); count > 0; count--) {
        found.set(file.readUInt16LE(auxiliary + 6), text(file.readUInt32LE(auxiliary + 8)));
        auxiliary += file.readUInt32LE(auxiliary + 12);
      }
      at += file.readUInt32LE(at + 12);
    }
    return found;
  }

  function sectionTypes() {
    const start = Number(file.readBigUInt64LE(40));
    return range(file.readUInt16LE(60), (index) => file.readUInt32LE(start + index * SECTION_SIZE + 4));
  }
}

function range(length, item) {
  return Array.from({ length }, (_, index) => item(index));
}
