// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@Suite struct PublicKeyTests {
    private static func blob(_ write: (inout WireWriter) -> Void) -> [UInt8] {
        var writer = WireWriter()
        write(&writer)
        return writer.bytes
    }

    private static func rsa(modulus: [UInt8], exponent: [UInt8]) -> [UInt8] {
        blob {
            $0.writeString("ssh-rsa")
            $0.writeMPInt(exponent)
            $0.writeMPInt(modulus)
        }
    }

    private static func ed25519(_ point: [UInt8]) -> [UInt8] {
        blob {
            $0.writeString("ssh-ed25519")
            $0.writeString(point)
        }
    }

    private static func error(_ blob: [UInt8]) -> KeyError? {
        do throws(KeyError) {
            _ = try PublicKey(blob: blob[...])
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: keyKinds)
    func everyTruncationAndExtensionIsAnError(_ kind: String) throws {
        let tools = OpenSSHTools()
        tools.makeKey(kind)
        let blob = try tools.publicBlob()
        #expect(try PublicKey(blob: blob[...]).blob == blob)
        for count in 0..<blob.count {
            #expect(Self.error(Array(blob[..<count])) != nil)
        }
        #expect(Self.error(blob + [0]) == .wire(.trailingBytes(1)))
    }

    @Test(arguments: keyKinds)
    func aChangedKeyIsAnErrorOrAnotherKey(_ kind: String) throws {
        let tools = OpenSSHTools()
        tools.makeKey(kind)
        let blob = try tools.publicBlob()
        let key = try PublicKey(blob: blob[...])
        for index in blob.indices {
            var changed = blob
            changed[index] ^= 1
            if let other = try? PublicKey(blob: changed[...]) {
                #expect(other != key)
                #expect(other.fingerprint != key.fingerprint)
            }
        }
    }

    @Test(arguments: [
        "ssh-dss", "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
        "ssh-ed25519-cert-v01@openssh.com", "", "rsa-sha2-256",
    ])
    func refusesTypesThatItDoesNotKnow(_ name: String) {
        let blob = Self.blob {
            $0.writeString(name)
            $0.writeString([UInt8](repeating: 1, count: 32))
        }
        #expect(Self.error(blob) == .unsupportedType)
    }

    @Test func refusesRSAKeysOutsideTheLimits() {
        func modulus(_ bits: Int) -> [UInt8] {
            [UInt8(1 << ((bits - 1) % 8))] + [UInt8](repeating: 0xFF, count: (bits - 1) / 8)
        }
        let exponent: [UInt8] = [1, 0, 1]
        #expect(Self.error(Self.rsa(modulus: modulus(1024), exponent: exponent)) == nil)
        #expect(Self.error(Self.rsa(modulus: modulus(16384), exponent: exponent)) == nil)
        for bits in [1, 512, 1023, 16385] {
            let error = Self.error(Self.rsa(modulus: modulus(bits), exponent: exponent))
            #expect(error == .unsupportedSize(bits: bits) || error.isLimit, "\(bits) bits")
        }
        let odd = modulus(1024)
        var even = odd
        even[even.count - 1] = 0xFE
        #expect(Self.error(Self.rsa(modulus: even, exponent: exponent)) != nil)
        for exponent in [[], [1], [2], [UInt8](repeating: 1, count: 9)] as [[UInt8]] {
            #expect(Self.error(Self.rsa(modulus: odd, exponent: exponent)) != nil)
        }
    }

    @Test func refusesEd25519KeysThatAreNotInTheirOneForm() {
        // RFC 8032 section 5.1.3: y must be below p = 2^255 - 19. These are 0, 1 and 18 with p added,
        // with either sign.
        let high = [UInt8](repeating: 0xFF, count: 30)
        for low in [0xED, 0xEE, 0xFF] as [UInt8] {
            for top in [0x7F, 0xFF] as [UInt8] {
                #expect(
                    Self.error(Self.ed25519([low] + high + [top]))
                        == .invalid("an Ed25519 key that is not in its one valid form"))
            }
        }
        for count in [0, 31, 33] {
            #expect(Self.error(Self.ed25519([UInt8](repeating: 1, count: count))) != nil)
        }
    }

    @Test func refusesECDSAKeysOnAnotherCurveThanTheirTypeSays() throws {
        let tools = OpenSSHTools()
        tools.makeKey("-t ecdsa -b 256")
        let point = try tools.publicBlob().suffix(65)
        func error(_ type: String, _ curve: String, _ point: some Collection<UInt8>) -> KeyError? {
            Self.error(
                Self.blob {
                    $0.writeString(type)
                    $0.writeString(curve)
                    $0.writeString(point)
                })
        }
        #expect(error("ecdsa-sha2-nistp256", "nistp256", point) == nil)
        #expect(error("ecdsa-sha2-nistp256", "nistp384", point) != nil)
        #expect(error("ecdsa-sha2-nistp384", "nistp256", point) != nil)
        #expect(error("ecdsa-sha2-nistp384", "nistp384", point) != nil)
        // Infinity, a compressed point, a point off the curve.
        #expect(error("ecdsa-sha2-nistp256", "nistp256", [0]) != nil)
        #expect(error("ecdsa-sha2-nistp256", "nistp256", [2] + point.dropFirst().prefix(32)) != nil)
        var off = Array(point)
        off[64] ^= 1
        #expect(error("ecdsa-sha2-nistp256", "nistp256", off) != nil)
    }
}

extension KeyError? {
    /// Whether a length was refused before the key was looked at.
    fileprivate var isLimit: Bool {
        guard case .wire(.limitExceeded) = self else { return false }
        return true
    }
}
