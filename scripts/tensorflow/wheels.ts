/** What a wheel is taken for: the C library alone, or also the CUDA libraries that it opens. */
export type Variant = 'cpu' | 'gpu'

export interface Wheel {
  /** Name and version, as pip wants them. */
  readonly requirement: string
  readonly sha256: string
  /** Beginnings of the paths that are kept. */
  readonly keep: readonly string[]
}

export const tensorflowVersion = '2.18.1'

/** The library, and the C headers that the addon is compiled with. */
const libraryAndHeaders = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tensorflow/tsl/',
  'tensorflow/include/tensorflow/compiler/xla/tsl/c/',
  'tensorflow/include/tsl/platform/',
  'tensorflow/include/xla/tsl/c/',
]

const tensorflow = (name: string, sha256: string): Wheel => ({
  requirement: `${name}==${tensorflowVersion}`,
  sha256,
  keep: libraryAndHeaders,
})
const cuda = (requirement: string, sha256: string): Wheel => ({ requirement, sha256, keep: ['nvidia/'] })

/** Wheels for Linux on x86-64. The CUDA ones are those of tensorflow's extra `and-cuda` that its library links to. */
export const wheels: Readonly<Record<Variant, readonly Wheel[]>> = {
  cpu: [tensorflow('tensorflow-cpu', '810c75d7149d2da0cb2092187817b0dcabb80728ca9f9cf3a61f3f42fadd1298')],
  gpu: [
    tensorflow('tensorflow', 'c9f87e5d2a680a4595f5dc30daf6bbaec9d4129b46d7ef1b2af63c46ac7d2828'),
    cuda('nvidia-cublas-cu12==12.5.3.2', 'ca070ad70e9fa6654084575d01bd001f30cc4665e33d4bb9fc8e0f321caa034b'),
    cuda('nvidia-cuda-cupti-cu12==12.5.82', 'bde77a5feb66752ec61db2adfe47f56b941842825b4c7e2068aff27c9d107953'),
    cuda('nvidia-cuda-nvrtc-cu12==12.5.82', '3dbd97b0104b4bfbc3c4f8c79cd2496307c89c43c29a9f83125f1d76296ff3fd'),
    cuda('nvidia-cuda-runtime-cu12==12.5.82', '3e79a060e126df40fd3a068f3f787eb000fa51b251ec6cd97d09579632687115'),
    cuda('nvidia-cudnn-cu12==9.3.0.75', '9ad9c6929ebb5295eb4a1728024666d1c88283373e265a0c5c883e6f9d5cd76d'),
    cuda('nvidia-cufft-cu12==11.2.3.61', '9a6e8df162585750f61983a638104a48c756aa13f9f48e19ab079b38e3c828b8'),
    cuda('nvidia-cusolver-cu12==11.6.3.83', '93cfafacde4428b71778eeb092ec615a02a3d05404da1bcf91c53e3fa1bce42b'),
    cuda('nvidia-cusparse-cu12==12.5.1.3', '016df8e993c437e8301e62739f01775cba988fd5253cd4c64173f8e8d2f8e752'),
    cuda('nvidia-nccl-cu12==2.21.5', '8579076d30a8c24988834445f8d633c697d42397e92ffc3f63fa26766d25e0a0'),
    cuda('nvidia-nvjitlink-cu12==12.5.82', 'f9b37bc5c8cf7509665cb6ada5aaa0ce65618f2332b7d3e78e9790511f111212'),
  ],
}
