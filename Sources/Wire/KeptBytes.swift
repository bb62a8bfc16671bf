// SPDX-License-Identifier: Apache-2.0

// Files such as ssh_config(5)'s have no encoding: ssh hands on what stands in them, byte by byte. A text
// can hold UTF-8 only. So a byte that is none becomes one character of a range that nobody uses, and
// becomes that byte again where the text leaves us, in a system call or on the wire.

/// What is added to a byte that is not UTF-8: the end of the last private use area.
private let offset: UInt32 = 0x10_FE00
/// The characters that stand for bytes; all bytes that are not UTF-8 are above 0x7F.
private let standIns = (offset + 0x80)...(offset + 0xFF)
/// What each stand-in's UTF-8 begins with, and little else.
private let leadByte: UInt8 = 0xF4

extension Unicode.Scalar {
    /// The byte that this stands for, if it stands for one.
    var keptByte: UInt8? {
        standIns.contains(value) ? UInt8(value - offset) : nil
    }
}

extension String {
    /// Decodes UTF-8, and keeps what is none: ``keptBytes`` gives back exactly what came in.
    public init(keepingBytesOf bytes: some Collection<UInt8>) {
        if !bytes.contains(leadByte), let text = String(validating: bytes, as: UTF8.self) {
            self = text
            return
        }
        self = ""
        var parser = Unicode.UTF8.ForwardParser()
        var source = bytes.makeIterator()
        var index = bytes.startIndex
        while true {
            let (count, scalar): (Int, Unicode.Scalar?)
            switch parser.parseScalar(from: &source) {
            case .valid(let encoded): (count, scalar) = (encoded.count, UTF8.decode(encoded))
            case .error(let length): (count, scalar) = (length, nil)
            case .emptyInput: return
            }
            let end = bytes.index(index, offsetBy: count)
            if let scalar, scalar.keptByte == nil {
                unicodeScalars.append(scalar)
            } else {
                for byte in bytes[index..<end] { unicodeScalars.append(Self.standIn(for: byte)) }
            }
            index = end
        }
    }

    private static func standIn(for byte: UInt8) -> Unicode.Scalar {
        guard let scalar = Unicode.Scalar(offset + UInt32(byte)) else {
            preconditionFailure("a scalar in a private use area")
        }
        return scalar
    }

    /// ``keptBytes`` with a NUL behind them, for system calls.
    public var keptCString: [CChar] {
        keptBytes.map { CChar(truncatingIfNeeded: $0) } + [0]
    }
}

extension StringProtocol {
    /// The text's UTF-8, and the bytes that were none as they came.
    public var keptBytes: [UInt8] {
        guard utf8.contains(leadByte) else { return Array(utf8) }
        return unicodeScalars.flatMap { scalar in
            scalar.keptByte.map { [$0] } ?? Array(UTF8.encode(scalar) ?? .init())
        }
    }
}
