#pragma once
#include <cblas.h>

/* Debian's OpenBLAS carries LAPACK's Fortran symbols but its headers do not declare them.
 * The trailing size_t is the hidden length of the character argument (gfortran's convention). */
#include <stddef.h>

/* Solves A X = B for symmetric positive definite A, column-major, in double precision.
 * On return *info is 0, or k > 0 when the leading minor of order k is not positive definite. */
void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b,
            const int *ldb, int *info, size_t uplo_length);
