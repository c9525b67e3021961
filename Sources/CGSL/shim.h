#pragma once
/* No pkgConfig on purpose: gsl.pc adds -lgslcblas, which also defines cblas_sgemm and, linked first,
 * silently replaces OpenBLAS. GSL finds its CBLAS symbols in OpenBLAS, which every user of this module links. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
