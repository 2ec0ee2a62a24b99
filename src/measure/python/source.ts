/** The two Python modules of the measurement: data and a child, and the process that starts children when told to. */

/** Of a module, so that a child by `forkserver` and `spawn` finds its target. */
export const CHILD_MODULE = 'zygote_measure_child';

export const CHILD = `import gc, json, random, resource, time, zlib

def load(spec, scale):
    kind, name, size = spec['kind'], spec['name'], spec.get('size')
    source = random.Random(1)
    if kind == 'nothing':
        return None
    if kind == 'file':
        with open(spec['path'], encoding='utf8') as file:
            return json.load(file)
    if name == 'records':
        count = max(round((size or 44900000) * scale / 44.9), 1)
        return [{'id': at, 'name': 'user-%d' % at, 'score': source.random() * 4e6} for at in range(count)]
    if name == 'map':
        count = max(round((size or 19900000) * scale / 19.9), 1)
        return {'key-%d' % at: at for at in range(count)}
    words = -int(-((size or 100000000) * scale) // 4)
    block = source.randbytes(1000028)
    return bytearray((block * (words * 4 // len(block) + 1))[:words * 4])

def touch(data):
    if isinstance(data, list) and data:
        last = data[-1]
        return len(data), next(iter(last.values())) if isinstance(last, dict) and last else last
    if isinstance(data, dict):
        return len(data), next(iter(data), None)
    return data[-1] if isinstance(data, bytearray) and data else data

def read(data):
    """Each value and each byte, once; a number that tells whether it is the same data."""
    if isinstance(data, bytearray):
        return zlib.crc32(data)
    if isinstance(data, dict):
        total = len(data)
        for key, value in data.items():
            total += len(key) + read(value)
        return total & 0xffffffff
    if isinstance(data, list):
        total = len(data)
        for value in data:
            total = total * 31 + read(value) & 0xffffffff
        return total
    if isinstance(data, str):
        return len(data) + ord(data[-1]) if data else 0
    return int(data) & 0xffffffff if isinstance(data, (int, float)) else 1

def sample():
    sizes = dict.fromkeys(('Rss', 'Pss', 'Private_Dirty'), 0)
    with open('/proc/self/smaps_rollup') as file:
        for line in file:
            key, _, rest = line.partition(':')
            if key in sizes:
                sizes[key] = int(rest.split()[0]) * 1024
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    return {'rss': sizes['Rss'], 'pss': sizes['Pss'], 'privateDirty': sizes['Private_Dirty'], 'faults': faults}

def now():
    return time.monotonic() * 1e3

def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {'user': usage.ru_utime * 1e3, 'system': usage.ru_stime * 1e3}

def write(data, step, limit):
    """The first values up to the limit, each step-th of them."""
    if isinstance(data, bytearray):
        for at in range(0, min(len(data), limit), step):
            data[at] ^= 1
        return
    rows = data if isinstance(data, list) else [data] if isinstance(data, dict) else []
    at = 0
    for row in rows:
        if not isinstance(row, dict):
            continue
        for key, value in row.items():
            if at >= limit:
                return
            if at % step == 0:
                row[key] = value + 1 if isinstance(value, (int, float)) else 'b'
            at += 1

def count(data):
    if isinstance(data, bytearray):
        return len(data)
    if isinstance(data, dict):
        return sum(map(count, data.values()))
    return sum(map(count, data)) if isinstance(data, list) else 1

def child(data, extent, to_parent, from_parent):
    touch(data)
    at = now()
    used = cpu()
    to_parent.send({'kind': 'usable'})
    memory = {'start': sample()}
    start = now()
    checksum = read(data)
    took = now() - start
    memory['read'] = sample()
    report = {'usableAt': at, 'cpu': used, 'read': took, 'checksum': checksum, 'memory': memory}
    if extent == 'life':
        start = now()
        gc.collect()
        report['gc'] = now() - start
        memory['gc'] = sample()
        values = count(data)
        for name, step, limit in (('write1', 1, -(-values // 100)), ('write10', 1, -(-values // 10)),
                                  ('scatter', 10, values), ('write100', 1, values)):
            write(data, step, limit)
            memory[name] = sample()
    to_parent.send({'kind': 'report', 'report': report})
    try:
        from_parent.recv()
    except EOFError:
        pass
`;

export const MAIN = `import json, multiprocessing, multiprocessing.connection, os, pickle, resource, sys
import zygote_measure_child as tools

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def tell(answer):
    os.write(1, (json.dumps(answer) + '\\n').encode())

def main():
    method, spec, scale = sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3])
    context = multiprocessing.get_context(method)
    if method == 'forkserver':
        context.set_forkserver_preload(['zygote_measure_child'])
    data = tools.load(spec, scale)
    wire = 0 if method == 'fork' else len(pickle.dumps(data))
    tell({'kind': 'ready', 'checksum': tools.read(data), 'wireBytes': wire})
    children, commands = {}, b''
    while True:
        for ready in multiprocessing.connection.wait([0, *(child['receiver'] for child in children.values())]):
            if ready == 0:
                received = os.read(0, 65536)
                if not received:
                    for child in children.values():
                        child['process'].kill()
                    return
                *lines, commands = (commands + received).split(b'\\n')
                for line in lines:
                    obey(context, data, children, json.loads(line))
            else:
                hear(children, ready)

def obey(context, data, children, command):
    if command['kind'] == 'end':
        child = children.pop(command['id'], None)
        if child:
            child['process'].kill()
            child['process'].join()
            child['receiver'].close()
            child['sender'].close()
        tell({'kind': 'ended', 'id': command['id']})
        return
    receiver, to_parent = context.Pipe(False)
    from_parent, sender = context.Pipe(False)
    before, faults_before = tools.cpu(), faults()
    began = tools.now()
    process = context.Process(target=tools.child, args=(data, command['extent'], to_parent, from_parent))
    process.start()
    blocked = tools.now() - began
    to_parent.close()
    from_parent.close()
    children[command['id']] = {'process': process, 'receiver': receiver, 'sender': sender, 'before': before, 'faults': faults_before}
    tell({'kind': 'started', 'id': command['id'], 'pid': process.pid, 'began': began, 'blocked': blocked})

def hear(children, receiver):
    number, child = next(pair for pair in children.items() if pair[1]['receiver'] is receiver)
    try:
        said = receiver.recv()
    except EOFError:
        child['process'].join()
        children.pop(number)
        tell({'kind': 'lost', 'id': number, 'code': child['process'].exitcode})
        return
    if said['kind'] == 'usable':
        after = tools.cpu()
        said['cpu'] = {name: after[name] - child['before'][name] for name in after}
        said['faults'] = faults() - child['faults']
    tell({**said, 'id': number})

if __name__ == '__main__':
    main()
`;
