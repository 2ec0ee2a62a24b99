/** The functions of crates/addon, typed by hand. */
import { loadNative } from './load.js';

/** What crates/addon exports. */
export interface NativeBinding {
  /** The version the addon was built as. */
  version(): string;
}

let loaded: NativeBinding | undefined;

/**
 * The addon, loaded at the first call: importing the package must work where there is no addon.
 *
 * @throws ZygoteError `ERR_ZYGOTE_NATIVE_MISSING` where none can be loaded.
 */
export function native(): NativeBinding {
  loaded ??= loadNative() as NativeBinding;
  return loaded;
}
