/** Where daemons that tests start write the coverage of V8; only set by run.ts. */
export const coverageDir = process.env.COPPICE_COVERAGE_DIR;
