/** As an own property, whatever it is called, and whatever setter the object inherits. */
export function put(on: object, key: string, value: unknown): void {
  Object.defineProperty(on, key, { value, writable: true, enumerable: true, configurable: true });
}
