/** How a child ended that did not give what was asked. */
export function ending(child: string, code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null
    ? `${child} ended with exit code ${code} and without a report`
    : `${child} was ended by ${signal} and gave no report`;
}
