; Writes the shortcuts' identity into a property store in memory, as the installer does into a shortcut's, and reads it back.
; Wine's shortcuts have no property store; its stores in memory have the same interface.
Unicode true
Target amd64-unicode
SetCompressor zlib
Name "Identity"
OutFile "${OUT_FILE}"
RequestExecutionLevel user
SilentInstall silent

!include LogicLib.nsh
!include "Win\COM.nsh"
!include "Win\Propkey.nsh"
!include "${INSTALLER_FOLDER}/identity.nsh"

Section
  System::Call 'propsys::PSCreateMemoryPropertyStore(g "${IID_IPropertyStore}", *p.r2)i.r0'
  ${If} $0 <> 0
  ${OrIf} $2 P= 0
    SetErrorLevel 10
    Quit
  ${EndIf}
  !insertmacro WriteIdentity
  System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r4'
  System::Call '*${SYSSTRUCT_PROPVARIANT}(0,,0)p.r5'
  ${IPropertyStore::GetValue} $2 '($4,$5)'
  System::Call '*$5(&i2.r6,&i6,p.r7)'
  ${If} $6 <> ${VT_LPWSTR}
    SetErrorLevel 11
    Quit
  ${EndIf}
  System::Call '*$7(&w128.r8)'
  ${If} $8 != "${APP_ID}"
    SetErrorLevel 12
    Quit
  ${EndIf}
  System::Call '*$4${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ToastActivatorCLSID})'
  System::Call '*${SYSSTRUCT_PROPVARIANT}(0,,0)p.r5'
  ${IPropertyStore::GetValue} $2 '($4,$5)'
  System::Call '*$5(&i2.r6,&i6,p.r7)'
  ${If} $6 <> ${VT_CLSID}
    SetErrorLevel 13
    Quit
  ${EndIf}
  System::Call '*$7(&g16.r8)'
  ${If} $8 != "${TOAST_ACTIVATOR}"
    SetErrorLevel 14
    Quit
  ${EndIf}
  SetErrorLevel 42
SectionEnd
