// Does an instance of a class arrive as one?
import { isMainProcess, Process } from 'zygote';

export class Account {
  entries = new Map();
  constructor(owner) {
    console.log('constructor:', owner);
    this.owner = owner;
  }
  get balance() {
    return [...this.entries.values()].reduce((sum, value) => sum + value, 0);
  }
}

export function give(account) {
  account.entries.set('gift', 50);
  return account;
}

if (isMainProcess) {
  const account = new Account('Ada');
  account.entries.set('salary', 100);
  const child = await new Process({ method: process.argv[2], target: give, args: [account] }).start();
  const returned = await child.result;
  console.log(`an Account: ${returned instanceof Account}, the same: ${returned === account}`);
  console.log(`balance: ${account.balance} here, ${returned.balance} there`);
}
