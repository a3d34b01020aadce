/** At most so many failed test files run a second time; more of them are no accident. */
const FEW = 4;

/** The names of the test files that failed, in jest's JSON of a run. */
export const failedFiles = (result) =>
  result.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);

/** The failed files that are worth a second run: none if there are too many of them. */
export const filesToRepeat = (result) => {
  const files = failedFiles(result);
  return files.length <= FEW ? files : [];
};

/** The result of a run in which some files ran a second time: for these files, only the second run counts. */
export const withSecondRun = (result, second) => {
  const again = new Map(second.testResults.map((file) => [file.name, file]));
  const merged = {
    ...result,
    testResults: result.testResults.map((file) => again.get(file.name) ?? file),
  };
  const stillFailed = failedFiles(merged);
  return {
    ...merged,
    passedAlone: failedFiles(result).filter((file) => again.has(file) && !stillFailed.includes(file)),
  };
};

/**
 * How many tests passed and failed in several runs. A file that failed without a failed test counts as one.
 */
export const countTests = (results) => {
  const counts = { passed: 0, failed: 0 };
  for (const { assertionResults, status } of results.flatMap(({ testResults }) => testResults)) {
    const having = (wanted) => assertionResults.filter((test) => test.status === wanted).length;
    counts.passed += having('passed');
    // Such a file could not be loaded, or its set-up or its end failed.
    counts.failed += having('failed') || (status === 'failed' ? 1 : 0);
  }
  return counts;
};
