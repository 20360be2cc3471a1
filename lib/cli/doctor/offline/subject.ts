/** What the offline checks look at. */
import type { ConfigSource } from '../../../config/load.ts';
import { formatPath, type Path } from '../../../config/path.ts';
import type { FuseboxConfig, RemoteServerConfig } from '../../../config/schema.ts';
import type { Issue } from '../check.ts';

/** A file of a project, as far as anybody looks at it. */
export interface TextFile {
  /** Within the project. */
  readonly name: string;
  readonly text: string;
}

/** The folder of code that the configuration is a part of. */
export interface Project {
  /** What stands in its package.json; undefined where there is none. */
  readonly manifest: unknown;
  readonly lockfile: string | undefined;
  /** What runs in its pipeline. */
  readonly pipeline: readonly TextFile[];
}

/** What can be looked at whatever the configuration is like. */
export interface Surroundings {
  /** undefined: it could not be read. */
  readonly source: ConfigSource | undefined;
  /** undefined: none was found around the configuration. */
  readonly project: Project | undefined;
  /** `24.21.0` */
  readonly nodeVersion: string;
}

/** A configuration that is valid, as it would be deployed. */
export interface Subject {
  readonly config: FuseboxConfig;
  /** As written, in our own form. */
  readonly document: Readonly<Record<string, unknown>>;
  /** What was said when it was read. */
  readonly warnings: readonly string[];
  readonly nowMs: number;
  /** Whose servers' own checks are asked for; empty: all. */
  readonly chosen: readonly string[];
}

/** The servers of a deployment: those of other kinds are refused before. */
export const serversOf = ({ mcpServers }: FuseboxConfig): [name: string, server: RemoteServerConfig][] =>
  Object.entries(mcpServers).filter((entry): entry is [string, RemoteServerConfig] => entry[1].type !== 'stdio');

/** What is not as it ought to be with each server that is asked about. */
export const issuesOf = (
  { config, chosen }: Subject,
  look: (server: RemoteServerConfig, name: string) => Omit<Issue, 'of'> | undefined,
): Issue[] =>
  serversOf(config)
    .flatMap(([of, server]) => {
      const issue = look(server, of);
      return issue === undefined ? [] : [{ of, ...issue }];
    })
    .filter(({ of }) => chosen.length === 0 || chosen.includes(of));

/** Where an option of a server is written: `mcpServers.search.retry.maxRetries`. */
export const at = (server: string, ...path: Path): string => formatPath(['mcpServers', server, ...path]);

/** The host of a server's URL, with its port; undefined where only a variable knows it. */
export function addressOf({ url }: RemoteServerConfig): URL | undefined {
  return url.includes('${') || !URL.canParse(url) ? undefined : new URL(url);
}
