// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// The owner of a zlib stream, which must stay where it is: zlib keeps its address.
@safe struct ZlibStream: ~Copyable, @unchecked Sendable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let direction: Direction

    /// What a stream does.
    enum Direction {
        case deflate(level: Int32)
        case inflate
    }

    init(_ direction: Direction) {
        self.direction = direction
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let result =
            switch direction {
            case .deflate(let level): unsafe czlib_deflate_init(stream, level)
            case .inflate: unsafe czlib_inflate_init(stream)
            }
        precondition(result == Z_OK, "zlib refused a stream")
        unsafe self.stream = stream
    }

    deinit {
        switch direction {
        case .deflate: _ = unsafe deflateEnd(stream)
        case .inflate: _ = unsafe inflateEnd(stream)
        }
        unsafe stream.deallocate()
    }

    /// Changes how hard what follows is compressed; for a stream whose last data were flushed.
    ///
    /// - Returns: whether that could be done.
    func setLevel(_ level: Int32, into output: inout OutputSpan<UInt8>) -> Bool {
        unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
            let room = buffer.count - initializedCount
            unsafe stream.pointee.next_in = nil
            unsafe stream.pointee.avail_in = 0
            unsafe stream.pointee.next_out = buffer.baseAddress.map {
                unsafe $0 + initializedCount
            }
            unsafe stream.pointee.avail_out = UInt32(room)
            let result = unsafe deflateParams(stream, level, Z_DEFAULT_STRATEGY)
            initializedCount += room - Int(unsafe stream.pointee.avail_out)
            unsafe stream.pointee.next_out = nil
            return result == Z_OK
        }
    }

    /// Takes what it can of `input` and appends what it can to `output`.
    ///
    /// - Returns: zlib's result, and how many bytes of the input were taken.
    func run(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>, flush: Int32
    ) -> (result: Int32, consumed: Int) {
        unsafe input.withUnsafeBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                let room = buffer.count - initializedCount
                // zlib does not write to its input; its pointer is mutable for history's sake.
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = buffer.baseAddress.map {
                    unsafe $0 + initializedCount
                }
                unsafe stream.pointee.avail_out = UInt32(room)
                let result =
                    switch direction {
                    case .deflate: unsafe CZlib.deflate(stream, flush)
                    case .inflate: unsafe CZlib.inflate(stream, flush)
                    }
                initializedCount += room - Int(unsafe stream.pointee.avail_out)
                let consumed = input.count - Int(unsafe stream.pointee.avail_in)
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.next_out = nil
                return (result, consumed)
            }
        }
    }
}
