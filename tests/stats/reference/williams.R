# Williams' test on 20 drawn cases, by psych::r.test. From the repository's root:
#   Rscript tests/stats/reference/williams.R > tests/stats/reference/williams.json
# Debian packages: r-base-core, r-cran-psych.
suppressPackageStartupMessages(library(psych))
set.seed(1959)
cases <- replicate(20, {
  n <- sample(5:150, 1)
  r <- cor(matrix(rnorm(30 * 3), 30) %*% matrix(runif(9, -0.5, 1), 3))
  test <- r.test(n = n, r12 = r[1, 2], r13 = r[1, 3], r23 = r[2, 3])
  sprintf('  {"n": %d, "r12": %.17g, "r13": %.17g, "r23": %.17g, "t": %.17g, "p": %.17g}',
          n, r[1, 2], r[1, 3], r[2, 3], test$t, test$p)
})
version <- sprintf('"%s, psych %s"', R.version.string, packageVersion("psych"))
cat('{"made_by": ', version, ', "cases": [\n', paste(cases, collapse = ",\n"), "\n]}\n", sep = "")
