// What is used of jstat, which brings no types.
declare module 'jstat' {
  const jStat: {
    /** The regularised incomplete beta function I_x(a, b). */
    ibeta(x: number, a: number, b: number): number;
  };
  export = jStat;
}
