"""The one part of the package that is compiled, if it can be; setup.cfg says everything else."""

from glob import glob

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "media.native._native",
            sorted(glob("media/native/*.c")),
            depends=sorted(glob("media/native/*.h")),
            # Python must compute the same jitter, which fused multiplication would not.
            extra_compile_args=["-O2", "-ffp-contract=off"],
            py_limited_api=True,
            # Without a compiler the relay works in Python alone.
            optional=True,
        )
    ]
)
