// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SSHClient
import SSHConfig

/// Looks at what this machine needs to mount anything.
struct FUSEExamination {
    /// The most bytes of a configuration: more than any is long.
    private static let configurationBytes = 1 << 16

    let world: SystemWorld
    /// The kernel's device.
    var device = "/dev/fuse"
    /// Where fusermount3 is looked for: libfuse has one directory built in, and then takes PATH.
    var directories =
        ["/usr/bin", "/bin"]
        + (LocalContext.environmentVariables["PATH"] ?? "").split(separator: ":").map(String.init)
    /// The configuration of fusermount3.
    var configuration = "/etc/fuse.conf"
    /// Whether the user may mount without help.
    var isRoot = geteuid() == 0

    /// What there is to say.
    var findings: [Finding] {
        [deviceFinding, helperFinding] + (isRoot ? [] : [othersFinding])
    }

    private var deviceFinding: Finding {
        let number = unsafe open(device, O_RDWR | O_CLOEXEC)
        if number >= 0 {
            close(number)
            return .good("\(device) can be opened")
        }
        let error = SystemError.last("open")
        switch error.code {
        case ENOENT:
            return .problem(
                "there is no \(device)",
                remedy: "load the kernel's module by 'modprobe fuse'; a container needs "
                    + "'--device /dev/fuse --cap-add SYS_ADMIN'")
        case EACCES, EPERM:
            return .problem(
                "\(device): \(error.reason)",
                remedy: "let users open it: 'chmod 666 \(device)' as root; a container needs "
                    + "'--device /dev/fuse --cap-add SYS_ADMIN'")
        default:
            return .problem(
                "\(device): \(error.reason)", remedy: "load the kernel's module by 'modprobe fuse'")
        }
    }

    private var helperFinding: Finding {
        let paths = directories.map { "\($0)/fusermount3" }
        guard let path = paths.first(where: { unsafe access($0, X_OK) == 0 }) else {
            let text = "there is no fusermount3"
            let remedy = "install it: 'apt-get install fuse3'"
            return isRoot
                ? .note("\(text); root mounts without it", remedy: remedy)
                : .problem(text, remedy: remedy)
        }
        var status = stat()
        guard !isRoot, unsafe stat(path, &status) == 0,
            status.st_mode & S_ISUID == 0 || status.st_uid != 0
        else { return .good("\(path) is there") }
        return .problem(
            "\(path) does not run as root, so it can't mount for you",
            remedy: "give it back what its package gives it: 'chown root \(path)' and "
                + "'chmod u+s \(path)' as root")
    }

    private var othersFinding: Finding {
        let name = "user_allow_other"
        let text = (try? world.readFile(configuration, limit: Self.configurationBytes))?.bytes ?? []
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        guard lines.contains(where: { $0.split(separator: " ").first ?? "" == name }) else {
            return .note(
                "\(configuration) does not let users mount for others (-o allow_other)",
                remedy: "if that is wanted, put the line '\(name)' into \(configuration) as root")
        }
        return .good("\(configuration) lets users mount for others (\(name))")
    }
}
