// Does the child know a class that is defined under the main guard?
import { isMainProcess, Process } from 'zygote';
import { show } from './modules/show.mjs';

export function describe(point) {
  return `${point.constructor.name} at ${point.x}, ${point.norm ? `norm ${point.norm()}` : 'no norm()'}`;
}

export function make(Class) {
  return describe(new Class());
}

if (isMainProcess) {
  class Point {
    x = -3;
    norm() {
      return Math.abs(this.x);
    }
  }
  const method = process.argv[2];
  await show('an instance', new Process({ method, target: describe, args: [new Point()] }));
  await show('the class', new Process({ method, target: make, args: [Point] }));
}
