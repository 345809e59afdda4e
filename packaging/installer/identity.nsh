; The shortcuts' AppUserModelID: Windows shows notifications, and groups windows, under the shortcut that has the program's.

; With the class that Windows starts when a notification is clicked (app.setToastActivatorCLSID): made up by Electron it
; would be another one for each installation, and its entry in the registry would stay behind.
!define TOAST_ACTIVATOR "{6B1D0C5E-3F7A-4E57-9C1B-2A9D4E8F7B36}"

; Sets APP_ID and TOAST_ACTIVATOR in the property store in $2; uses $3, $4 and $5. (packaging/check/identity.nsi proves the layouts.)
!macro WriteIdentity
  System::Call '*(&w128 "${APP_ID}")p.r3'
  System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r4'
  System::Call '*${SYSSTRUCT_PROPVARIANT}(${VT_LPWSTR},,$3)p.r5'
  ${IPropertyStore::SetValue} $2 '($4,$5)'
  System::Free $5
  System::Free $4
  System::Free $3
  System::Call '*(&g16 "${TOAST_ACTIVATOR}")p.r3'
  System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ToastActivatorCLSID})p.r4'
  System::Call '*${SYSSTRUCT_PROPVARIANT}(${VT_CLSID},,$3)p.r5'
  ${IPropertyStore::SetValue} $2 '($4,$5)'
  ${IPropertyStore::Commit} $2 ""
  System::Free $5
  System::Free $4
  System::Free $3
!macroend

; Where the shell has no property store for shortcuts the shortcut stays as it is.
!macro SetShortcutIdentity link
  !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
  ${If} $0 P<> 0
    ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}",.r1)'
    ${If} $1 P<> 0
      ${IPersistFile::Load} $1 '("${link}",2)'
      ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}",.r2)'
      ${If} $2 P<> 0
        !insertmacro WriteIdentity
        ${IUnknown::Release} $2 ""
        ${IPersistFile::Save} $1 '("${link}",1)'
      ${EndIf}
      ${IUnknown::Release} $1 ""
    ${EndIf}
    ${IUnknown::Release} $0 ""
  ${EndIf}
!macroend
