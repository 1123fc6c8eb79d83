import Testing
@testable import HTTP1

@Suite("Looking up cookies and query arguments")
struct LookupTests {
    struct Case: NamedCase {
        var name: String { "\(key) in '\(input)'" }
        let key: String
        let input: String
        let value: String?

        init(_ key: String, _ input: String, _ value: String?) {
            self.key = key
            self.input = input
            self.value = value
        }
    }

    @Test("Cookies as nginx finds them", arguments: [
        Case("canary", "canary=always", "always"),
        Case("canary", "a=b; canary=always; c=d", "always"),
        Case("canary", "a=b;canary=always", "always"),
        Case("canary", "a=b,canary=always", "always"),
        Case("canary", "a=b,  canary=always", "always"),
        Case("CANARY", "a=b; Canary=Always", "Always"),
        Case("canary", "canary = always", "always"),
        Case("canary", "canary  =  always ;x", "always "),
        Case("canary", "canary=a,b;c", "a,b"),
        Case("canary", "canary=\"always\"", "\"always\""),
        Case("canary", "canary=alw%61ys", "alw%61ys"),
        Case("canary", "canary=", ""),
        Case("canary", "canary=;b=c", ""),
        Case("canary", "canary=no; canary=always", "no"),
        Case("canary", "canary==x", "=x"),
        Case("canary", "canary;canary=always", "always"),
        Case("canary", "canary, canary=always", "always"),
        Case("canary", "canary x=1; canary=always", "always"),
        Case("canary", "x=canary=always", nil),
        Case("canary", "canary\t=always", nil),
        Case("canary", "\tcanary=always", nil),
        Case("canary", "xcanary=always", nil),
        Case("canary", "canaryx=always", nil),
        Case("can-ary", "can_ary=always", nil),
        Case("canary", "canary", nil),
        Case("canary", "canar", nil),
        Case("canary", ";;; , canary=a", "a"),
        Case("canary", "", nil),
        Case("canary", ";", nil),
        Case("", "=always", nil),
        Case("", "", nil),
        Case("a", "a=", ""),
        Case("a", "a= ", ""),
        Case("a", "b=x y; a=z", "z"),
    ])
    func cookie(_ row: Case) {
        let key = bytes(row.key)
        let input = bytes(row.input)
        let found = CookieField.find(key.span, in: input.span)
        #expect(found.map { text($0, in: input) } == row.value)
    }

    @Test("Arguments as nginx finds them", arguments: [
        Case("v", "v=1", "1"),
        Case("v", "a=b&v=1&c=d", "1"),
        Case("V", "v=A%20b+c", "A%20b+c"),
        Case("v", "v=", ""),
        Case("v", "v=&a=b", ""),
        Case("v", "v=1&v=2", "1"),
        Case("v", "v&v=2", "2"),
        Case("v", "v=a=b", "a=b"),
        Case("v", "&&v=1&", "1"),
        Case("v", "vv=1&xv=2", nil),
        Case("v", "a=v=1", nil),
        Case("v", "v =1", nil),
        Case("v", "v;v=1", nil),
        Case("v", "a=b;v=1", nil),
        Case("v", "v", nil),
        Case("v", "", nil),
        Case("v", "&", nil),
        Case("", "=1", nil),
        Case("name", "nam&name=x", "x"),
        Case("name", "nam&e=x", nil),
    ])
    func argument(_ row: Case) {
        let key = bytes(row.key)
        let input = bytes(row.input)
        let found = QueryString.find(key.span, in: input.span)
        #expect(found.map { text($0, in: input) } == row.value)
    }
}
