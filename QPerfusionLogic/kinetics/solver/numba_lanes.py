"""Reading spline tables eight numbers at a time: vector code written out, because compilers do not find it themselves.

Left to itself LLVM checks in every short loop whether arrays overlap and keeps all sums in memory, which is three times
as slow. The functions here emit vectors of eight floats (two of four where a processor has no wider ones) and keep
every sum in a register.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from .residue_table import LANES

_FLOAT, _DOUBLE, _INT, _WHOLE = ir.FloatType(), ir.DoubleType(), ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_ZERO = ir.Constant(_VECTOR, [0.0] * LANES)
_intrinsic: Any = extending.intrinsic
_FLAGS = ("reassoc", "contract", "nsz")


class _Emitter:
    """Emits vector instructions into the function that numba is building."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> None:
        self.context, self.builder, self.signature, self.arguments = context, builder, signature, arguments

    def address(self, argument: int) -> Any:
        """Return where the numbers of a contiguous array begin."""
        kind = self.signature.args[argument]
        return self.context.make_array(kind)(self.context, self.builder, self.arguments[argument]).data

    def number(self, address: Any, index: int) -> Any:
        """Return one float of an array."""
        return self.builder.load(self.builder.gep(address, [_WHOLE(index)]))

    def load(self, address: Any, index: Any) -> Any:
        """Return eight floats of an array from an index on."""
        place = self.builder.bitcast(self.builder.gep(address, [index]), _VECTOR.as_pointer())
        return self.builder.load(place, align=4)

    def store(self, value: Any, address: Any, index: Any) -> None:
        """Write eight floats into an array from an index on."""
        place = self.builder.bitcast(self.builder.gep(address, [index]), _VECTOR.as_pointer())
        self.builder.store(value, place, align=4)

    def same(self, value: Any) -> Any:
        """Return a vector that holds one number eight times."""
        single = self.builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, _INT(0))
        return self.builder.shuffle_vector(single, _ZERO, ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES))

    def times(self, a: Any, b: Any) -> Any:
        """Return a b."""
        return self.builder.fmul(a, b, flags=_FLAGS)

    def plus_times(self, total: Any, a: Any, b: Any) -> Any:
        """Return total + a b."""
        return self.builder.fadd(total, self.times(a, b), flags=_FLAGS)

    def weighted(self, factors: Sequence[Any], values: Sequence[Any]) -> Any:
        """Return the sum of factors times values."""
        total = self.times(factors[0], values[0])
        for factor, value in zip(factors[1:], values[1:], strict=True):
            total = self.plus_times(total, factor, value)
        return total

    def spline_weights(self, address: Any, axes: int) -> list[list[Any]]:
        """Return the four weights along each axis, every one as a vector."""
        return [[self.same(self.number(address, 4 * axis + i)) for i in range(4)] for axis in range(axes)]

    def along(self, at: Any, step: Any) -> list[Any]:
        """Return the indices of four neighbours."""
        places = [at]
        for _ in range(3):
            places.append(self.builder.add(places[-1], step))
        return places

    def minus(self, a: Any, b: Any) -> Any:
        """Return a - b."""
        return self.builder.fsub(a, b, flags=_FLAGS)

    def sums(self, count: int) -> list[Any]:
        """Return places for running sums, which the compiler turns into registers."""
        places = [cgutils.alloca_once(self.builder, _VECTOR) for _ in range(count)]
        for place in places:
            self.builder.store(_ZERO, place)
        return places

    def add_product(self, place: Any, a: Any, b: Any) -> None:
        """Add a b to a running sum."""
        self.builder.store(self.plus_times(self.builder.load(place), a, b), place)

    def total(self, place: Any) -> Any:
        """Return the eight parts of a running sum added up, in double precision."""
        kind = ir.FunctionType(_FLOAT, [_FLOAT, _VECTOR])
        add = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f32")
        parts = self.builder.call(add, [_FLOAT(0.0), self.builder.load(place)], fastmath=_FLAGS)
        return self.builder.fpext(parts, _DOUBLE)

    def each(self, rank: Any, body: Callable[[Any], None]) -> None:
        """Emit a loop over the vectors of a row; body gets where each begins."""
        with cgutils.for_range_slice(self.builder, _WHOLE(0), rank, _WHOLE(LANES), _WHOLE) as (begin, _):
            body(begin)


@_intrinsic
def read_rows(typing, slab, base, strides, weight, slope, data, rows):
    """Read the curve and its slope along every axis off a table into rows (axes + 1, rank).

    Parameters
    ----------
    slab : (nodes along all axes * rank,) float32 array
        Coefficients at one delay.
    base : int64
        Where those of a cell begin.
    strides : tuple of int64
        How far apart neighbours along each axis are.
    weight, slope : (4 axes,) float32 arrays
        Spline weights along each axis and their derivatives.
    data : (rank,) float32 array

    Returns
    -------
    (float64, float64)
        The squared length of the curve, and its product with the data.
    """
    axes = strides.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        emit = _Emitter(context, builder, signature, arguments)
        table, weights, slopes, z, out = (emit.address(index) for index in (0, 3, 4, 5, 6))
        steps = cgutils.unpack_tuple(builder, arguments[2], axes)
        shape = context.make_array(rows)(context, builder, arguments[6]).shape
        rank = builder.extract_value(shape, 1)
        w, s = emit.spline_weights(weights, axes), emit.spline_weights(slopes, axes)
        square, height = emit.sums(2)

        def contracted(axis: int, at: Any) -> list[Any]:
            """Return the curve and its slopes along this axis and those after it."""
            places = emit.along(at, steps[axis])
            if axis == axes - 1:
                corners = [emit.load(table, place) for place in places]
                return [emit.weighted(w[axis], corners), emit.weighted(s[axis], corners)]
            inner = [contracted(axis + 1, place) for place in places]
            values = [part[0] for part in inner]
            later = [emit.weighted(w[axis], [part[row] for part in inner]) for row in range(1, len(inner[0]))]
            return [emit.weighted(w[axis], values), emit.weighted(s[axis], values), *later]

        def read(begin: Any) -> None:
            found = contracted(0, builder.add(arguments[1], begin))
            for row, value in enumerate(found):
                emit.store(value, out, builder.add(builder.mul(rank, _WHOLE(row)), begin))
            emit.add_product(square, found[0], found[0])
            emit.add_product(height, found[0], emit.load(z, begin))

        emit.each(rank, read)
        return context.make_tuple(builder, signature.return_type, [emit.total(square), emit.total(height)])

    pair = types.UniTuple(types.float64, 2)
    return pair(slab, types.int64, strides, weight, slope, data, rows), generate


@_intrinsic
def multiply_rows(typing, axes_of, flow, data, rows, products, against):
    """Return the squared residual of flow times the curve; fill the products of the rows with each other and with it.

    Parameters
    ----------
    axes_of : tuple
        Any tuple as long as the table has axes.
    flow : float32
    data : (rank,) float32 array
    rows : (axes + 1, rank) float32 array
        As `read_rows` leaves them.
    products : (axes + 1, axes + 1) float64 array
        Its lower triangle is filled, but for the square of the curve, which `read_rows` shows.
    against : (axes + 1,) float64 array
        Products of the rows with the residual.
    """
    count = axes_of.count + 1

    def generate(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        emit = _Emitter(context, builder, signature, arguments)
        z, read, pairs, single = (emit.address(index) for index in (2, 3, 4, 5))
        shape = context.make_array(rows)(context, builder, arguments[3]).shape
        rank = builder.extract_value(shape, 1)
        flows = emit.same(arguments[1])
        error = emit.sums(1)[0]
        with_residual = emit.sums(count)
        with_each_other = {(a, b): emit.sums(1)[0] for a in range(1, count) for b in range(a + 1)}

        def multiply(begin: Any) -> None:
            row = [emit.load(read, builder.add(builder.mul(rank, _WHOLE(a)), begin)) for a in range(count)]
            left = emit.minus(emit.load(z, begin), emit.times(flows, row[0]))
            emit.add_product(error, left, left)
            for a in range(count):
                emit.add_product(with_residual[a], row[a], left)
            for (a, b), place in with_each_other.items():
                emit.add_product(place, row[a], row[b])

        emit.each(rank, multiply)
        for a in range(count):
            builder.store(emit.total(with_residual[a]), builder.gep(single, [_WHOLE(a)]))
        for (a, b), place in with_each_other.items():
            builder.store(emit.total(place), builder.gep(pairs, [_WHOLE(a * count + b)]))
        return emit.total(error)

    return types.float64(axes_of, types.float32, data, rows, products, against), generate


@_intrinsic
def add_curve(typing, slab, base, strides, weight, size, curve):
    """Add size (float32) times the tabulated curve at a cell to curve (rank,); arguments as in `read_rows`."""
    axes = strides.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        emit = _Emitter(context, builder, signature, arguments)
        table, weights, out = (emit.address(index) for index in (0, 3, 5))
        steps = cgutils.unpack_tuple(builder, arguments[2], axes)
        rank = builder.extract_value(context.make_array(curve)(context, builder, arguments[5]).shape, 0)
        w = emit.spline_weights(weights, axes)
        factor = emit.same(arguments[4])

        def contracted(axis: int, at: Any) -> Any:
            places = emit.along(at, steps[axis])
            inner = [emit.load(table, at) if axis == axes - 1 else contracted(axis + 1, at) for at in places]
            return emit.weighted(w[axis], inner)

        def read(begin: Any) -> None:
            found = contracted(0, builder.add(arguments[1], begin))
            emit.store(emit.plus_times(emit.load(out, begin), factor, found), out, begin)

        emit.each(rank, read)
        return context.get_dummy_value()

    return types.void(slab, types.int64, strides, weight, types.float32, curve), generate
