/** What the doctor finds without AWS, in a project of the test's making. */
import type { Line } from '../../lib/cli/doctor/check.ts';
import { checkOffline } from '../../lib/cli/doctor/offline/offline.ts';
import { doctorProject, type Patch } from './doctor-project.ts';

/** When it is, in these tests. */
export const NOW = Date.parse('2026-11-26T12:00:00Z');

export interface Scene {
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly nowMs?: number;
  readonly nodeVersion?: string;
  readonly environment?: readonly string[];
  readonly chosen?: readonly string[];
}

export function linesOf(patch: Patch, scene: Scene = {}): readonly Line[] {
  const { files, nowMs = NOW, nodeVersion = '24.21.0', environment = [], chosen = [] } = scene;
  const { folder, file, remove } = doctorProject(patch, files);
  try {
    const options = { env: {}, cwd: folder, home: '/nonexistent', file, nowMs, nodeVersion, environment };
    return checkOffline(options, chosen).lines;
  } finally {
    remove();
  }
}

/** What is neither good nor impossible to know. */
export const found = (lines: readonly Line[]) => lines.filter(({ status }) => status === 'warn' || status === 'fail');
