// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@Suite struct PacketTests {
    @Test(arguments: Protection.all)
    func opensWhatWasSealedAtEverySmallSizeAndSomeLargeOnes(_ protection: Protection) throws {
        var sealer = protection.sealer()
        var opener = protection.opener()
        var sequenceNumber = UInt32.max - 100  // wraps on the way
        for size in Array(0...300) + [4095, 32768, 32781, 262_100] {
            let payload = pattern(size)
            let wire = sealer.sealed([payload[...]], sequenceNumber: sequenceNumber)
            #expect(wire.count == sealer.wireCount(payloadCount: size))
            let told = try opener.packetLength(
                header: wire[..<opener.headerCount], sequenceNumber: sequenceNumber)
            #expect(told == wire.count)
            let again = try opener.packetLength(header: wire[...], sequenceNumber: sequenceNumber)
            #expect(again == wire.count)
            let opened = try opener.open(wire[...], sequenceNumber: sequenceNumber)
            #expect(Array(opened) == payload)
            sequenceNumber &+= 1
        }
    }

    @Test(arguments: Protection.all)
    func sealsPiecesToTheSameBytesAsTheWhole(_ protection: Protection) {
        let payload = pattern(100)
        for first in 0...50 {
            for second in [50, 51, 66, 99, 100] {
                var whole = protection.sealer()
                var pieces = protection.sealer()
                let expected = whole.sealed([payload[...]], sequenceNumber: 7)
                let actual = pieces.sealed(
                    [payload[..<first], payload[first..<second], [], payload[second...]],
                    sequenceNumber: 7)
                #expect(actual == expected)
            }
        }
    }

    @Test(arguments: Protection.all)
    func appendsBehindWhatTheOutputHolds(_ protection: Protection) throws {
        var sealer = protection.sealer()
        var opener = protection.opener()
        var output = pattern(37)
        var starts: [Int] = []
        for number in 0..<3 as Range<UInt32> {
            starts.append(output.count)
            let padding = pattern(sealer.paddingLength(payloadCount: 20), seed: 3)
            sealer.seal(
                [pattern(20)[...]], padding: padding[...], sequenceNumber: number, into: &output)
        }
        #expect(Array(output[..<37]) == pattern(37))
        for (number, start) in starts.enumerated() {
            let number = UInt32(number)
            let count = try opener.packetLength(header: output[start...], sequenceNumber: number)
            let opened = try opener.open(output[start..<start + count], sequenceNumber: number)
            #expect(Array(opened) == pattern(20))
        }
    }

    @Test(arguments: Protection.encrypted)
    func everyChangedByteIsAnErrorAndNeverAPayload(_ protection: Protection) {
        for size in [0, 1, 27, 100] {
            var sealer = protection.sealer()
            let wire = sealer.sealed([pattern(size)[...]], sequenceNumber: 3)
            for index in wire.indices {
                for change in [0x01, 0x80, 0xFF] as [UInt8] {
                    var changed = wire
                    changed[index] ^= change
                    #expect(throws: PacketError.self, "byte \(index) of \(wire.count)") {
                        var opener = protection.opener()
                        _ = try opener.open(changed[...], sequenceNumber: 3)
                    }
                }
            }
        }
    }

    @Test(arguments: Protection.encrypted)
    func everyTruncationAndExtensionIsAnError(_ protection: Protection) {
        var sealer = protection.sealer()
        let wire = sealer.sealed([pattern(40)[...]], sequenceNumber: 3)
        for count in 0..<wire.count {
            #expect(throws: PacketError.self) {
                var opener = protection.opener()
                _ = try opener.open(wire[..<count], sequenceNumber: 3)
            }
        }
        #expect(
            throws: PacketError.wrongByteCount(expected: wire.count, actual: wire.count + 1)
        ) {
            var opener = protection.opener()
            _ = try opener.open((wire + [0])[...], sequenceNumber: 3)
        }
    }

    @Test(arguments: Protection.encrypted)
    func aPacketOutOfItsPlaceIsAnError(_ protection: Protection) throws {
        var sealer = protection.sealer()
        let first = sealer.sealed([pattern(40)[...]], sequenceNumber: 0)
        let second = sealer.sealed([pattern(40)[...]], sequenceNumber: 1)
        #expect(throws: PacketError.self) {
            var opener = protection.opener()
            _ = try opener.open(second[...], sequenceNumber: 0)
        }
        #expect(throws: PacketError.self) {
            var opener = protection.opener()
            _ = try opener.open(first[...], sequenceNumber: 0)
            _ = try opener.open(first[...], sequenceNumber: 1)
        }
        var opener = protection.opener()
        #expect(Array(try opener.open(first[...], sequenceNumber: 0)) == pattern(40))
        #expect(Array(try opener.open(second[...], sequenceNumber: 1)) == pattern(40))
    }

    @Test func sequenceNumbersAreAuthenticatedWhereTheLayoutHasThem() {
        // AES-GCM counts packets by itself; all others must notice.
        for protection in Protection.encrypted
        where protection.cipher != .aes128GCM && protection.cipher != .aes256GCM {
            var sealer = protection.sealer()
            let wire = sealer.sealed([pattern(40)[...]], sequenceNumber: 3)
            for number in [0, 2, 4, 0x0300_0000] as [UInt32] {
                #expect(throws: PacketError.self) {
                    var opener = protection.opener()
                    _ = try opener.open(wire[...], sequenceNumber: number)
                }
            }
        }
    }

    @Test(arguments: Protection.all)
    func paddingIsAlignedAndAsShortAsAllowed(_ protection: Protection) {
        let sealer = protection.sealer()
        let block = protection.cipher?.blockLength ?? 8
        let hidesLength =
            protection.cipher.map { !$0.isAEAD && protection.mac?.isEncryptThenMAC != true } ?? true
        for size in 0...300 {
            let padding = sealer.paddingLength(payloadCount: size)
            #expect(padding >= 4 && padding < 4 + block)
            #expect(((hidesLength ? 4 : 0) + 1 + size + padding) % block == 0)
        }
    }

    @Test(arguments: Protection.all)
    func takesTheLongestPaddingThatIsAligned(_ protection: Protection) throws {
        var sealer = protection.sealer()
        var opener = protection.opener()
        var padding = sealer.paddingLength(payloadCount: 9)
        while padding + sealer.paddingAlignment <= PacketLimits.largestPaddingCount {
            padding += sealer.paddingAlignment
        }
        var wire: [UInt8] = []
        sealer.seal(
            [pattern(9)[...]], padding: pattern(padding)[...], sequenceNumber: 0, into: &wire)
        #expect(Array(try opener.open(wire[...], sequenceNumber: 0)) == pattern(9))
    }

    @Test(arguments: [0, 1, 4, 11, 13, 35, 262_148, 262_145, 0x7FFF_FFFC, 0xFFFF_FFFC, 0xFFFF_FFFF])
    func refusesAPlainLengthOutsideTheLimitsOrUnaligned(_ length: UInt32) {
        var writer = WireWriter()
        writer.write(length)
        let header = writer.bytes
        #expect(throws: PacketError.badLength(length)) {
            var opener = PacketOpener()
            _ = try opener.packetLength(header: header[...], sequenceNumber: 0)
        }
    }

    @Test(arguments: [0, 8, 15, 17, 24, 262_160, 0xFFFF_FFF0])
    func refusesALengthInTheClearThatIsUnalignedUnderACipher(_ length: UInt32) {
        var writer = WireWriter()
        writer.write(length)
        let header = writer.bytes
        for protection in Protection.encrypted
        where protection.cipher == .aes128GCM || protection.mac?.isEncryptThenMAC == true {
            #expect(throws: PacketError.badLength(length)) {
                var opener = protection.opener()
                _ = try opener.packetLength(header: header[...], sequenceNumber: 0)
            }
        }
    }

    @Test(arguments: [0, 3, 12, 255] as [UInt8])
    func refusesPaddingThatIsTooShortOrFillsMoreThanThePacket(_ padding: UInt8) {
        let wire = [0, 0, 0, 12, padding] + pattern(11)
        #expect(throws: PacketError.badPadding) {
            var opener = PacketOpener()
            _ = try opener.open(wire[...], sequenceNumber: 0)
        }
    }

    @Test func takesAnEmptyPayload() throws {
        let wire = [0, 0, 0, 12, 11] + pattern(11)
        var opener = PacketOpener()
        #expect(try opener.open(wire[...], sequenceNumber: 0).isEmpty)
    }

    @Test func sealingWithPaddingThatTheLayoutForbidsTraps() async {
        await #expect(processExitsWith: .failure) {
            var sealer = PacketSealer()
            var wire: [UInt8] = []
            sealer.seal([[1]], padding: [0, 0, 0, 0, 0], sequenceNumber: 0, into: &wire)
        }
    }

    @Test func aCipherWithoutAuthenticationTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = PacketOpener(
                cipher: .aes128CTR, mac: nil,
                keys: PacketKeys(
                    initializationVector: SecretBytes(copying: pattern(16)),
                    encryption: SecretBytes(copying: pattern(16)), mac: SecretBytes(copying: [])))
        }
    }
}
