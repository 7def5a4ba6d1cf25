// The wheels of cuBLAS, cuSPARSE and cuSOLVER weigh a gigabyte, of which libtorch's CUDA headers name these types. Nothing
// here calls the libraries.
#pragma once
typedef struct cublasContext* cublasHandle_t;
typedef int cublasStatus_t;
