/** One line of an import's report, in plain words. */
export interface ReportLine {
  /** The server's name as the file spells it; absent where the line is about the whole file. */
  readonly server?: string;
  /** `error`: the file, or this server, could not be read at all. */
  readonly level: 'imported' | 'skipped' | 'note' | 'error';
  readonly message: string;
}

export const formatLine = ({ server, level, message }: ReportLine): string =>
  `${level}: ${server === undefined ? '' : `${server}: `}${message}`;
