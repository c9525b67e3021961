#pragma once
#include <cblas.h>

/* Debian's OpenBLAS carries LAPACK's Fortran symbols but its headers do not declare them.
 * The trailing size_t is the hidden length of the character argument (gfortran's convention). */
#include <stddef.h>

/* Solves A X = B for symmetric positive definite A, column-major, in double precision.
 * On return *info is 0, or k > 0 when the leading minor of order k is not positive definite. */
void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b,
            const int *ldb, int *info, size_t uplo_length);

/* Singular values and vectors of an m x n matrix A (column-major, overwritten) by divide and conquer; with jobz = "N" the
 * values only. With lwork = -1 the best size is left in work[0]. On return *info is 0, or > 0 when it did not converge. */
void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u, const int *ldu,
             double *vt, const int *ldvt, double *work, const int *lwork, int *iwork, int *info, size_t jobz_length);
