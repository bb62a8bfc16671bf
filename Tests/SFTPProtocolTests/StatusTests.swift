// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Testing
import Wire

@Suite struct StatusTests {
    /// Source: OpenSSH's server, as probed.
    @Test(arguments: [
        (Errno.ENOENT, StatusCode.noSuchFile), (.ENOTDIR, .noSuchFile), (.EBADF, .noSuchFile),
        (.ELOOP, .noSuchFile), (.EPERM, .permissionDenied), (.EACCES, .permissionDenied),
        (.EFAULT, .permissionDenied), (.ENAMETOOLONG, .badMessage), (.EINVAL, .badMessage),
        (.ENOSYS, .operationUnsupported), (.EEXIST, .failure), (.ENOTEMPTY, .failure),
        (.ENOSPC, .failure), (.EDQUOT, .failure), (.EISDIR, .failure), (.EXDEV, .failure),
        (.EROFS, .failure), (.EOPNOTSUPP, .failure), (Errno(rawValue: 9999), .failure),
    ])
    func errorsHaveOpenSSHsCodes(errno: Errno, code: StatusCode) {
        #expect(StatusCode(errno: errno) == code)
    }

    @Test func numbersAndTextsAreThoseOfTheSystem() {
        var count = 0
        for number in 1..<134 as Range<Int32> {
            guard let text = Errno(rawValue: number).text else { continue }
            count += 1
            #expect(unsafe strerror(number).map { unsafe String(cString: $0) } == text)
            #expect(Errno(text: text)?.rawValue == number)
        }
        #expect(count > 60)
        let pairs: [(Errno, Int32)] = [
            (.ENOENT, ENOENT), (.EEXIST, EEXIST), (.ENOTEMPTY, ENOTEMPTY), (.ENOSPC, ENOSPC),
            (.EDQUOT, EDQUOT), (.ESTALE, ESTALE), (.ELOOP, ELOOP), (.EOPNOTSUPP, EOPNOTSUPP),
        ]
        for (ours, systems) in pairs { #expect(ours.rawValue == systems) }
    }

    @Test(arguments: [
        Errno.ENOSPC, .EEXIST, .ENOTEMPTY, .EDQUOT, .ENOTDIR, .EBADF, .EPERM, .EINVAL,
    ])
    func clientFindsTheServersErrorAgain(errno: Errno) {
        #expect(SFTPStatus(errno: errno).exactErrno == errno)
        #expect(SFTPStatus(errno: errno).errno == errno)
    }

    @Test(arguments: [
        (StatusCode.noSuchFile, Errno.ENOENT), (.permissionDenied, .EACCES), (.failure, .EIO),
        (.badMessage, .EINVAL), (.operationUnsupported, .EOPNOTSUPP),
        (StatusCode(rawValue: 14), .EIO),
    ])
    func codeAloneHasAnErrorToo(code: StatusCode, errno: Errno) {
        #expect(SFTPStatus(code, message: "").errno == errno)
        #expect(SFTPStatus(code, message: "").exactErrno == nil)
    }

    @Test func successAndEndOfFileAreNotErrors() {
        #expect(SFTPStatus(.ok).errno == nil)
        #expect(SFTPStatus(.eof).errno == nil)
    }

    @Test func textThatContradictsTheCodeIsNotBelieved() {
        #expect(SFTPStatus(.noSuchFile, message: "No space left on device").errno == .ENOENT)
    }

    /// OpenSSH sends it for EPERM too, though it reads like EACCES.
    @Test func textThatBelongsToTheCodeNamesNoError() {
        #expect(SFTPStatus(.permissionDenied).exactErrno == nil)
        #expect(SFTPStatus(.permissionDenied).errno == .EACCES)
    }

    @Test(arguments: [Errno.EINTR, .EAGAIN, .ENOSYS])
    func errorsThatSpeakOfTheLocalCallAreNotBelieved(errno: Errno) {
        #expect(SFTPStatus(errno: errno).exactErrno == nil)
    }

    @Test(arguments: ["a", "...", " ", "a.", "\n", "-rf"])
    func acceptsNames(name: String) {
        #expect(isSafeComponent(bytes(name)))
    }

    @Test(arguments: ["", ".", "..", "/", "a/b", "/a", "a/", "../a", "a\0", "\0"])
    func refusesWhatIsNotAName(name: String) {
        #expect(!isSafeComponent(bytes(name)))
    }
}
