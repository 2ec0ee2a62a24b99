/** A registry of npm's on this machine, that has what was packed here. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Published {
  manifest: { name: string; version: string };
  /** Missing where there is a package that nobody here should ask for. */
  tarball?: string;
}

export interface Registry {
  url: string;
  /** Names of the packages whose content was asked for. */
  downloads(): string[];
  close(): void;
}

/** See https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md. */
export async function serveRegistry(packages: readonly Published[]): Promise<Registry> {
  const asked = new Set<string>();
  const server = createServer(({ url = '' }, response) => {
    const [name = '', tarball] = decodeURIComponent(url).slice(1).split('/-/');
    const found = packages.find(({ manifest }) => manifest.name === name);
    if (tarball) asked.add(name);
    if (!found || (tarball && !found.tarball)) {
      response.writeHead(404).end('{}');
    } else if (tarball) {
      response.end(readFileSync(found.tarball ?? ''));
    } else {
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(metadataOf(found, `${base()}${name}/-/`)));
    }
  });
  const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: base(),
    downloads: () => [...asked].toSorted(),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function metadataOf({ manifest, tarball }: Published, folder: string): object {
  const { name, version } = manifest;
  const content = tarball ? readFileSync(tarball) : Buffer.of();
  const dist = {
    tarball: `${folder}${name}-${version}.tgz`,
    integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
    shasum: createHash('sha1').update(content).digest('hex'),
  };
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
}
