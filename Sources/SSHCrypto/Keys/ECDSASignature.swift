// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import Wire

/// The two numbers of an ECDSA signature: SSH writes them as mpints (RFC 5656 section 3.1.2),
/// libcrypto as DER.
struct ECDSASignature {
    private let r: [UInt8]
    private let s: [UInt8]

    /// Reads the two mpints.
    ///
    /// - Throws: where there is anything else, or a number has more bytes than the curve.
    init(mpints content: Bytes, curve: Curve) throws(WireError) {
        var reader = WireReader(content)
        r = try Self.digits(&reader, curve)
        s = try Self.digits(&reader, curve)
        try reader.requireEnd()
    }

    /// Some peers write numbers in the curve's full length; as OpenSSH, we take unneeded zeros.
    private static func digits(
        _ reader: inout WireReader, _ curve: Curve
    ) throws(WireError) -> [UInt8] {
        // One more for the sign byte.
        let content = try reader.readString(limit: curve.coordinateCount + 1)
        guard (content.first ?? 0) & 0x80 == 0 else { throw .malformed("negative mpint") }
        return Array(content.drop { $0 == 0 })
    }

    /// Reads what libcrypto made.
    init(der: [UInt8], curve: Curve) {
        let signature = unsafe der.withUnsafeBufferPointer { der in
            var next = der.baseAddress
            return unsafe mustExist(d2i_ECDSA_SIG(nil, &next, der.count), "a signature")
        }
        defer { unsafe ECDSA_SIG_free(signature) }
        func digits(_ number: OpaquePointer?) -> [UInt8] {
            [UInt8](capacity: curve.coordinateCount) { output in
                unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                    let count = Int32(curve.coordinateCount)
                    let written = unsafe BN_bn2binpad(number, buffer.baseAddress, count)
                    precondition(written == count)
                    initializedCount = curve.coordinateCount
                }
            }
        }
        r = unsafe digits(ECDSA_SIG_get0_r(signature))
        s = unsafe digits(ECDSA_SIG_get0_s(signature))
    }

    var mpints: [UInt8] {
        var writer = WireWriter(capacity: r.count + s.count + 10)
        writer.writeMPInt(r)
        writer.writeMPInt(s)
        return writer.bytes
    }

    var der: [UInt8] {
        let signature = unsafe mustExist(ECDSA_SIG_new(), "a signature")
        defer { unsafe ECDSA_SIG_free(signature) }
        // The signature takes over both numbers.
        mustSucceed(
            unsafe ECDSA_SIG_set0(signature, Self.number(r), Self.number(s)), "a signature")
        let count = Int(unsafe i2d_ECDSA_SIG(signature, nil))
        return [UInt8](capacity: count) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                var next = buffer.baseAddress
                initializedCount = Int(unsafe i2d_ECDSA_SIG(signature, &next))
            }
        }
    }

    private static func number(_ digits: [UInt8]) -> OpaquePointer {
        unsafe digits.withUnsafeBufferPointer { digits in
            unsafe mustExist(
                BN_bin2bn(digits.baseAddress, Int32(digits.count), nil), "a number")
        }
    }
}
