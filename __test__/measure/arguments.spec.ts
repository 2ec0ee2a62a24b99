import test from 'ava';
import { parseArguments } from '#dist/cli/measure/arguments';

test('no arguments: the defaults', (t) => {
  t.deepEqual(parseArguments([]), { help: false, json: undefined, html: undefined, options: {} });
});

test('everything', (t) => {
  const args = [
    '--data',
    'a.json',
    '--module=./b.js#c',
    '--payload',
    'map,records',
    '--methods=fork',
    '--methods',
    'clone,python',
    '--sizes',
    '40kB,1.5MB,1GB',
  ];
  t.deepEqual(
    parseArguments([
      ...args,
      '--rounds=4',
      '--scale',
      '.5',
      '--timeout',
      '2.5',
      '--quick',
      '--json=x.json',
      '--html=x.html',
      '--budget=90',
      '--children=8',
    ]),
    {
      help: false,
      json: 'x.json',
      html: 'x.html',
      options: {
        data: 'a.json',
        module: './b.js#c',
        payloads: ['map', 'records'],
        sizes: [40e3, 1.5e6, 1e9],
        methods: ['fork', 'clone', 'python'],
        budget: 90_000,
        children: 8,
        rounds: 4,
        scale: 0.5,
        timeout: 2500,
        quick: true,
      },
    },
  );
});

test('--json alone is stdout', (t) => {
  t.is(parseArguments(['--json']).json, '-');
});

const wrong: [string[], RegExp][] = [
  [['--raunds', '3'], /--raunds/],
  [['--rounds', 'three'], /--rounds needs a number, and is 'three'/],
  [['--rounds', '0'], /rounds must be a whole number above 0/],
  [['--rounds'], /--rounds/],
  [['--payload', 'recrods'], /no payload 'recrods'; there are: records/],
  [['--methods', 'spoon'], /no method 'spoon'/],
  [['--sizes', '1MB,10 MiB'], /--sizes needs sizes such as 500kB, 10MB or 1GB, and has '10 MiB'/],
  [['--json', 'file.json'], /file\.json/],
];
for (const [args, message] of wrong) {
  test(`refused: ${args.join(' ')}`, (t) => {
    t.like(
      t.throws(() => parseArguments(args), { message }),
      { see: 'zygote measure --help' },
    );
  });
}
