// Can an object's method be the target?
import { isMainProcess, Process } from 'zygote';
import { show } from './modules/show.mjs';

export class Cart {
  items = ['pen', 'ink'];
  list() {
    return this.items.join(' and ');
  }
}

export function listOf(cart) {
  return cart.list();
}

if (isMainProcess) {
  const method = process.argv[2];
  const cart = new Cart();
  await show('called there', new Process({ method, target: () => cart.list() }));
  await show('bound', new Process({ method, target: cart.list.bind(cart) }));
  await show('as an argument', new Process({ method, target: listOf, args: [cart] }));
}
