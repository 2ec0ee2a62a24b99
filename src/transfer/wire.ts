/**
 * The bytes of a value: structured clone as V8 writes it, with two additions that it leaves room for. Views are written
 * by hand, so that large ones can stay outside; and so are placeholders, each a view that no one else has, which come back
 * as the things that they stand for.
 */
import v8 from 'node:v8';

/** Stands for something that structured clone cannot write. */
export class Placeholder extends Uint8Array {
  constructor(readonly index: number) {
    super(NOTHING);
  }
}

const NOTHING = new ArrayBuffer(0);

/** What follows the tag in the bytes of a view. */
const Form = { inside: 0, outside: 1, placeholder: 2 } as const;

/** Where a large view is: its bytes are a part of this segment. */
export interface Place {
  segment: number;
  /** Bytes from the segment's begin. */
  offset: number;
}

type ViewClass = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

/** By their numbers on the wire. New ones come last. */
const VIEWS = [
  'Buffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
] as const;

export class Writer extends v8.Serializer {
  readonly #placeOf: (view: ArrayBufferView) => Place | undefined;
  readonly #meet: (placeholder: Placeholder) => void;

  /** `meet` is called when a placeholder is written for the first time, and may throw. */
  constructor(
    placeOf: (view: ArrayBufferView) => Place | undefined = () => undefined,
    meet: (placeholder: Placeholder) => void = () => {},
  ) {
    super();
    this.#placeOf = placeOf;
    this.#meet = meet;
    (this as unknown as Hidden)._setTreatArrayBufferViewsAsHostObjects(true);
  }

  _writeHostObject(object: object): void {
    if (object instanceof Placeholder) {
      this.#meet(object);
      this.writeUint32(Form.placeholder);
      this.writeUint32(object.index);
    } else if (ArrayBuffer.isView(object)) {
      this.#writeView(object);
    } else {
      throw new TypeError(`#<${object.constructor.name}> could not be cloned.`);
    }
  }

  #writeView(view: ArrayBufferView): void {
    const place = this.#placeOf(view);
    this.writeUint32(place ? Form.outside : Form.inside);
    this.writeUint32(typeOf(view));
    writeLength(this, view.byteLength);
    if (place) {
      this.writeUint32(place.segment);
      writeLength(this, place.offset);
    } else {
      this.writeRawBytes(view as NodeJS.ArrayBufferView);
    }
  }
}

/** Not in the declarations, though in the documentation. */
interface Hidden {
  _setTreatArrayBufferViewsAsHostObjects(flag: boolean): void;
}

export class Reader extends v8.Deserializer {
  readonly #segments: readonly Uint8Array[];
  readonly #standsFor: (index: number) => object;

  constructor(
    bytes: Uint8Array,
    segments: readonly Uint8Array[] = [],
    standsFor: (index: number) => object = () => {
      throw new RangeError('a placeholder for nothing');
    },
  ) {
    super(bytes);
    this.#segments = segments;
    this.#standsFor = standsFor;
  }

  _readHostObject(): object {
    const form = this.readUint32();
    if (form === Form.placeholder) return this.#standsFor(this.readUint32());
    const Class = viewClass(this.readUint32());
    const length = readLength(this);
    if (form === Form.outside) {
      const segment = this.#segments[this.readUint32()];
      if (!segment) throw new RangeError('a view of a segment that is not there');
      const offset = readLength(this);
      if (offset + length > segment.byteLength) throw new RangeError('a view that is larger than its segment');
      return viewOn(Class, segment, offset, length);
    }
    const bytes = this.readRawBytes(length);
    if (Class === undefined) return Buffer.from(bytes);
    // With memory of its own: it would keep the whole message otherwise, and show it as its `buffer`.
    return viewOn(Class, new Uint8Array(Uint8Array.prototype.slice.call(bytes)), 0, length);
  }
}

function viewOn(Class: ViewClass | undefined, on: Uint8Array, offset: number, length: number): ArrayBufferView {
  const start = on.byteOffset + offset;
  if (Class === undefined) return Buffer.from(on.buffer as ArrayBuffer, start, length);
  const { BYTES_PER_ELEMENT = 1 } = Class as { BYTES_PER_ELEMENT?: number };
  if (start % BYTES_PER_ELEMENT === 0) return new Class(on.buffer as ArrayBuffer, start, length / BYTES_PER_ELEMENT);
  // A segment that nobody has aligned.
  const copy = on.slice(offset, offset + length);
  return new Class(copy.buffer, 0, length / BYTES_PER_ELEMENT);
}

function typeOf(of: ArrayBufferView): number {
  if (Buffer.isBuffer(of)) return 0;
  const type = VIEWS.indexOf((TAG.call(of) ?? 'DataView') as (typeof VIEWS)[number]);
  if (type < 0) throw new TypeError(`#<${of.constructor.name}> could not be cloned.`);
  return type;
}

const TAG = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => string | undefined;

/** Undefined for Buffer, which has no such constructor. */
function viewClass(type: number): ViewClass | undefined {
  if (type === 0) return undefined;
  const Class = (globalThis as Record<string, unknown>)[VIEWS[type] ?? ''];
  if (typeof Class !== 'function') throw new TypeError(`this Node has no ${VIEWS[type] ?? `view of type ${type}`}`);
  return Class as ViewClass;
}

function writeLength(writer: v8.Serializer, length: number): void {
  writer.writeUint64(Math.floor(length / 2 ** 32), length >>> 0);
}

function readLength(reader: v8.Deserializer): number {
  const [high, low] = reader.readUint64();
  return high * 2 ** 32 + low;
}
